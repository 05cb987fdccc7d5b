import type { INodeTypeDescription } from 'n8n-workflow';

import { ThreeCxPhoneSystemTrigger } from '../ThreeCxPhoneSystem/ThreeCxPhoneSystemTrigger.node';

/**
 * The trigger by the name that stored workflows have.
 *
 * n8n's panel lists a trigger with the node whose name it has before "Trigger": by this name it would be a part of
 * 3CX Admin.
 */
export class ThreeCxTrigger extends ThreeCxPhoneSystemTrigger {
	override description: INodeTypeDescription = { ...new ThreeCxPhoneSystemTrigger().description, name: 'threeCxTrigger', hidden: true };
}
