import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { admin } from '../shared/definition';
import { executeOperation } from '../shared/execute';
import { testThreeCx } from '../shared/methods/credentialTest';
import * as listSearch from '../shared/methods/listSearch';
import * as loadOptions from '../shared/methods/loadOptions';
import * as resourceMapping from '../shared/methods/resourceMapping';

export class ThreeCx implements INodeType {
	// The linter reads these literals; a test compares them with node_definition.json, which contains the parameters.
	description: INodeTypeDescription = {
		displayName: '3CX Admin',
		name: 'threeCx',
		icon: { light: 'file:threecx.svg', dark: 'file:threecx.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: admin.subtitle,
		description: 'All operations of the 3CX APIs, for administrators',
		defaults: { name: '3CX Admin' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [{ name: 'threeCxApi', required: true, testedBy: 'testThreeCx' }],
		hints: admin.hints,
		builderHint: admin.builderHint,
		sensitiveOutputFields: admin.sensitiveOutputFields,
		properties: admin.properties,
	};

	// The same in both nodes with operations: n8n calls those that the properties name.
	methods = { credentialTest: { testThreeCx }, listSearch, loadOptions, resourceMapping };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await executeOperation(this);
	}
}
