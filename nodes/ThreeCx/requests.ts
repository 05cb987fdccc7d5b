import { sleep, type IDataObject, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';

import type { ExecutorItem } from './contract';
import { isShown, parametersOf } from './definition';

/** How many items are read in a row: n8n's event loop serves others in between. */
const READ_AT_ONCE = 50;

/** What the executor shall do for each input item, in order. */
export async function executorItems(
	context: IExecuteFunctions,
	operation: string,
	inputs: INodeExecutionData[],
): Promise<ExecutorItem[]> {
	const items: ExecutorItem[] = [];
	for (const [index, input] of inputs.entries()) {
		if (index > 0 && index % READ_AT_ONCE === 0) await sleep(0);
		items.push(executorItem(context, operation, input, index));
	}
	return items;
}

/** What the executor shall do for one input item: the parameters that the operation shows, as n8n resolved them. */
export function executorItem(
	context: IExecuteFunctions,
	operation: string,
	item: INodeExecutionData,
	index: number,
): ExecutorItem {
	const read = (name: string): unknown => context.getNodeParameter(name, index, null);
	const parameters: IDataObject = {};
	for (const parameter of parametersOf(operation)) {
		if (isShown(parameter, read)) parameters[parameter.name] = sendable(read(parameter.name)) as IDataObject;
	}
	const body = parameters.body as IDataObject | null | undefined;
	// An item can be large; only a body that is mapped from its fields needs it.
	return body?.mappingMode === 'autoMapInputData' ? { json: item.json, parameters } : { parameters };
}

/** Whether this item asks for a dry run. */
export function wantsDryRun(item: ExecutorItem): boolean {
	return (item.parameters.options as IDataObject | null)?.dryRun === true;
}

// What resolved to nothing goes out as null: the executor then refuses the item by name instead of not seeing it.
function sendable(value: unknown): unknown {
	if (value === undefined) return null;
	if (!isObject(value)) return value;
	if (value.__rl === true) return { __rl: true, mode: value.mode, value: value.value ?? null };
	// The schema of a resource mapper can be a hundred times its values.
	if ('mappingMode' in value) return { mappingMode: value.mappingMode, value: value.value ?? null };
	return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, each ?? null]));
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
