import type {
	ICredentialDataDecryptedObject,
	ICredentialType,
	IHttpRequestOptions,
	INodeProperties,
} from 'n8n-workflow';

import definition from '../node_definition.json';
import { signRequest } from './executorRequest';

const [form] = definition.credentialTypes;

export class ThreeCxApi implements ICredentialType {
	name = 'threeCxApi';

	displayName = '3CX API';

	icon = { light: 'file:../nodes/ThreeCx/threecx.svg', dark: 'file:../nodes/ThreeCx/threecx.dark.svg' } as const;

	documentationUrl = 'https://github.com/threecx-node/threecx-node/blob/main/docs/n8n.md#the-credential';

	properties = (form?.properties ?? []) as INodeProperties[];

	/**
	 * Add the executor's key, and in the body the secret of the PBX, which the node itself never reads.
	 *
	 * A method, not a property: n8n finds it when the node sends, but does not list it among the credential's members.
	 * It offers Custom API Call and the HTTP Request node where that list has `authenticate`, and neither can reach 3CX
	 * with a credential for the executor.
	 */
	async authenticate(
		credentials: ICredentialDataDecryptedObject,
		requestOptions: IHttpRequestOptions,
	): Promise<IHttpRequestOptions> {
		return signRequest(credentials, requestOptions);
	}
}
