import type { ILoadOptionsFunctions, INodePropertyOptions } from 'n8n-workflow';

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

async function requestOptions(context: ILoadOptionsFunctions, parameter: string): Promise<INodePropertyOptions[]> {
	const body = { operation: getOperation(context), parameter };
	return (await requestJson<{ options: INodePropertyOptions[] }>(context, '/v1/options', body)).options;
}
