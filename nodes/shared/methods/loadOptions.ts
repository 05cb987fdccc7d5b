/** The methods of fields with a list of choices: names and values, all at once. */
import type { IDataObject, ILoadOptionsFunctions, INodePropertyOptions } from 'n8n-workflow';

import { requestJson } from '../transport/executor';
import { listEntities } from './entities';
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

/** Return all users by their extension numbers. */
export async function getUsers(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const users = await listEntities(this, 'ListUser', ['Number', 'FirstName', 'LastName']);
	return users.map((each) => createOption(each, [each.FirstName, each.LastName]));
}

/** Return all queues by their numbers. */
export async function getQueues(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return await listByNumber(this, 'ListQueue');
}

/** Return all ring groups by their numbers. */
export async function getRingGroups(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return await listByNumber(this, 'ListRingGroup');
}

/** Return all departments by their numbers. */
export async function getGroups(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return await listByNumber(this, 'ListGroup');
}

/** Return all trunks by their numbers, with the names of their providers. */
export async function getTrunks(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const trunks = await listEntities(this, 'ListTrunk', ['Number', 'Gateway']);
	return trunks.map((each) => createOption(each, [(each.Gateway as IDataObject | null)?.Name]));
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

async function listByNumber(context: ILoadOptionsFunctions, operation: string): Promise<INodePropertyOptions[]> {
	const entities = await listEntities(context, operation, ['Number', 'Name']);
	return entities.map((each) => createOption(each, [each.Name]));
}

function createOption({ Number: number }: IDataObject, names: unknown[]): INodePropertyOptions {
	return { name: [number, ...names].filter(Boolean).join(' '), value: String(number) };
}
