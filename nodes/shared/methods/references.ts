/** Lists of entities for the fields that refer to one: "From List" and choices of several. */
import type { IDataObject, ILoadOptionsFunctions, INodeListSearchResult, INodePropertyOptions } from 'n8n-workflow';

import { requestJson } from '../transport/executor';
import { listEntities } from './entities';

type Search = (this: ILoadOptionsFunctions, filter?: string, paginationToken?: string) => Promise<INodeListSearchResult>;

interface SearchPage {
	results: INodeListSearchResult['results'];
	cursor: string | null;
}

// n8n does not say which field asks, so there is a method for each entity set.
function searchBy(operation: string): Search {
	return async function (this, filter, paginationToken) {
		const body = { operation, parameter: 'Id', filter, cursor: paginationToken };
		const { results, cursor } = await requestJson<SearchPage>(this, '/v1/search', body);
		return { results, paginationToken: cursor ?? undefined };
	};
}

export const searchUsers = searchBy('GetUser');
export const searchQueues = searchBy('GetQueue');
export const searchRingGroups = searchBy('GetRingGroup');
export const searchGroups = searchBy('GetGroup');

/** Return all users by their extension numbers. */
export async function getUsers(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const users = await listEntities(this, 'ListUser', ['Number', 'FirstName', 'LastName']);
	return users.map((each) => createOption(each, [each.FirstName, each.LastName]));
}

/** Return all queues by their numbers. */
export async function getQueues(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const queues = await listEntities(this, 'ListQueue', ['Number', 'Name']);
	return queues.map((each) => createOption(each, [each.Name]));
}

function createOption({ Number: number }: IDataObject, names: unknown[]): INodePropertyOptions {
	return { name: [number, ...names].filter(Boolean).join(' '), value: String(number) };
}
