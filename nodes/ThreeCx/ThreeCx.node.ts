import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { hints, properties } from './definition';
import { testThreeCx } from './methods/credentialTest';
import { searchDevices, searchEntities } from './methods/listSearch';
import { getExpandOptions, getOrderByOptions, getSelectOptions } from './methods/loadOptions';
import { getBodyFields } from './methods/resourceMapping';
import { describeQuotedExpressions } from './quotedExpressions';
import { resolveBatches } from './requests';
import { createOutput } from './results';
import { runItems } from './run';

export class ThreeCx implements INodeType {
	// The linter reads these literals; a test compares them with node_definition.json, which contains the parameters.
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
		listSearch: { searchDevices, searchEntities },
		loadOptions: { getSelectOptions, getExpandOptions, getOrderByOptions },
		resourceMapping: { getBodyFields },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const inputs = this.getInputData();
		if (inputs.length === 0) return [[]];
		const operation = this.getNodeParameter('operation', 0) as string;
		const continueOnFail = this.continueOnFail();
		const batches = resolveBatches(this, operation, inputs);
		const run = await runItems(this, operation, batches, inputs.length, { continueOnFail });
		for (const hint of describeQuotedExpressions(this.getNode().parameters)) run.notes.add(hint);
		return [await createOutput(this, inputs, run, continueOnFail)];
	}
}
