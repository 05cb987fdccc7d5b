import {
	NodeConnectionTypes,
	type IHookFunctions,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';

import { trigger } from '../shared/definition';
import { testThreeCx } from '../shared/methods/credentialTest';
import { getUsers } from '../shared/methods/loadOptions';
import { checkSubscription, createSubscription, deleteSubscription } from '../ThreeCxTrigger/lifecycle';
import { getRights, searchGroups } from '../ThreeCxTrigger/methods/lists';
import { receiveDelivery } from '../ThreeCxTrigger/receive';

const WHILE_BUILDING =
	"<b>While building your workflow</b>, click the 'execute step' button, then make a call, or turn on Options &gt; Sample When Testing. " +
	'The event will show up in this editor.<br /><br />';

export class ThreeCxPhoneSystemTrigger implements INodeType {
	// The linter reads these literals; a test compares them with node_definition.json, which contains the parameters.
	description: INodeTypeDescription = {
		displayName: '3CX Trigger',
		name: 'threeCxPhoneSystemTrigger',
		icon: { light: 'file:../ThreeCx/threecx.svg', dark: 'file:../ThreeCx/threecx.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: trigger.subtitle,
		// n8n's panel shows it as the description of the node 3CX, with which it lists the trigger.
		description: 'Events, users, calls, contacts, queues and recordings of a 3CX phone system',
		eventTriggerDescription: 'Waiting for one of the chosen events in 3CX, such as a call',
		activationMessage: 'Each of the chosen events in 3CX will now start this workflow.',
		defaults: { name: '3CX Trigger' },
		builderHint: trigger.builderHint,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'threeCxApi', required: true, testedBy: 'testThreeCx' }],
		webhooks: [{ name: 'default', httpMethod: 'POST', responseMode: 'onReceived', path: 'webhook' }],
		triggerPanel: {
			header: 'Listen for an event in 3CX',
			executionsHelp: {
				inactive: `${WHILE_BUILDING}<b>Once you're happy with your workflow</b>, publish it. Then each of the chosen events will start it. These executions will show up in the executions list, but not in the editor.`,
				active: `${WHILE_BUILDING}<b>Your workflow will also run automatically</b>, since it's published: each of the chosen events starts it. These executions will show up in the <a data-key="executions">executions list</a>, but not in the editor.`,
			},
			activationHint: 'Once you’ve finished building your workflow, publish it to have each event start it.',
		},
		properties: trigger.properties,
	};

	methods = {
		credentialTest: { testThreeCx },
		listSearch: { searchGroups },
		loadOptions: { getExtensions: getUsers, getRights },
	};

	webhookMethods = {
		default: {
			async checkExists(this: IHookFunctions): Promise<boolean> {
				return await checkSubscription(this);
			},
			async create(this: IHookFunctions): Promise<boolean> {
				return await createSubscription(this);
			},
			async delete(this: IHookFunctions): Promise<boolean> {
				return await deleteSubscription(this);
			},
		},
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		return await receiveDelivery(this);
	}
}
