import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { testThreeCx } from './credentialTest';
import { hints, properties } from './definition';
import * as methods from './methods';
import { itemBatches } from './requests';
import { outputOf } from './results';
import { run } from './run';

const { searchEntities, getBodyFields, getSelectOptions, getExpandOptions, getOrderByOptions } = methods;

export class ThreeCx implements INodeType {
	// What lint reads stands here; a test holds it to node_definition.json, where the parameters come from.
	description: INodeTypeDescription = {
		displayName: '3CX',
		name: 'threeCx',
		icon: { light: 'file:threecx.svg', dark: 'file:threecx.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"].replace(/([a-z0-9])([A-Z])/g, "$1 $2") }}',
		description: 'Work with a 3CX phone system',
		defaults: { name: '3CX' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [{ name: 'threeCxApi', required: true, testedBy: 'testThreeCx' }],
		hints,
		properties,
	};

	methods = {
		credentialTest: { testThreeCx },
		listSearch: { searchEntities },
		loadOptions: { getSelectOptions, getExpandOptions, getOrderByOptions },
		resourceMapping: { getBodyFields },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const inputs = this.getInputData();
		if (inputs.length === 0) return [[]];
		const operation = this.getNodeParameter('operation', 0) as string;
		const continueOnFail = this.continueOnFail();
		const batches = itemBatches(this, operation, inputs);
		const outcome = await run(this, operation, batches, inputs.length, { continueOnFail });
		return [await outputOf(this, inputs, outcome, continueOnFail)];
	}
}
