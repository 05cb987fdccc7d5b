import type { IDataObject, ILoadOptionsFunctions, INodePropertyOptions } from 'n8n-workflow';

import { requestJson } from '../transport/executor';
import { getOperation } from './operation';

/** Return the fields that the operation can select. */
export async function getSelectOptions(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return await requestOptions(this, '$select');
}

/** Return the related entities that the operation can expand. */
export async function getExpandOptions(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return await requestOptions(this, '$expand');
}

/** Return the fields and directions by which the operation can sort. */
export async function getOrderByOptions(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return await requestOptions(this, '$orderby');
}

/** Return the fields of the operation's conditions; the kind of each is appended to its value, for what is displayed. */
export async function getFilterFields(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const fields = await requestOptions(this, 'filters.field');
	return fields.map(({ name, value, kind }) => ({ name, value: `${value}|${kind}` }));
}

/** Return the values of the field that the condition beside this parameter names. */
export async function getFilterValues(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const field = this.getCurrentNodeParameter('&field') ?? '';
	return await requestOptions(this, 'filters.value', { field });
}

/** A choice of the executor; that of a field of conditions has the kind of its values. */
type Choice = INodePropertyOptions & { kind?: string };

async function requestOptions(
	context: ILoadOptionsFunctions,
	parameter: string,
	parameters: IDataObject = {},
): Promise<Choice[]> {
	const body = { operation: getOperation(context), parameter, ...(Object.keys(parameters).length > 0 && { parameters }) };
	return (await requestJson<{ options: Choice[] }>(context, '/v1/options', body)).options;
}
