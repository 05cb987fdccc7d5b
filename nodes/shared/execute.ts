/** Runs the chosen operation for all input items: what the two nodes with operations do. */
import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { describeQuotedExpressions } from './quotedExpressions';
import { resolveBatches } from './requests';
import { createOutput } from './results';
import { runItems } from './run';

/** Return the node's output. Throws NodeApiError or NodeOperationError where something failed and must stop the node. */
export async function executeOperation(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const inputs = context.getInputData();
	if (inputs.length === 0) return [[]];
	const operation = context.getNodeParameter('operation', 0) as string;
	const continueOnFail = context.continueOnFail();
	const batches = resolveBatches(context, operation, inputs);
	const run = await runItems(context, operation, batches, inputs.length, { continueOnFail });
	for (const hint of describeQuotedExpressions(context.getNode().parameters)) run.notes.add(hint);
	return [await createOutput(context, inputs, run, continueOnFail)];
}
