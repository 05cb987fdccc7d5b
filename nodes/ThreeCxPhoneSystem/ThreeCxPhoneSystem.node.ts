import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { everyday } from '../shared/definition';
import { executeOperation } from '../shared/execute';
import { testThreeCx } from '../shared/methods/credentialTest';
import * as listSearch from '../shared/methods/listSearch';
import * as loadOptions from '../shared/methods/loadOptions';
import * as resourceMapping from '../shared/methods/resourceMapping';

export class ThreeCxPhoneSystem implements INodeType {
	// The linter reads these literals; a test compares them with node_definition.json, which contains the parameters.
	description: INodeTypeDescription = {
		displayName: '3CX',
		name: 'threeCxPhoneSystem',
		icon: { light: 'file:../ThreeCx/threecx.svg', dark: 'file:../ThreeCx/threecx.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: everyday.subtitle,
		description: 'Users, calls, contacts, queues, departments and recordings of a 3CX phone system',
		defaults: { name: '3CX' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [{ name: 'threeCxApi', required: true, testedBy: 'testThreeCx' }],
		hints: everyday.hints,
		sensitiveOutputFields: everyday.sensitiveOutputFields,
		properties: everyday.properties,
	};

	// The same in both nodes with operations: n8n calls those that the properties name.
	methods = { credentialTest: { testThreeCx }, listSearch, loadOptions, resourceMapping };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await executeOperation(this);
	}
}
