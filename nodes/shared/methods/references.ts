/** Lists of entities for the fields that refer to one: "From List" and choices of several. */
import type {
	IDataObject,
	ILoadOptionsFunctions,
	INodeListSearchResult,
	INodeParameterResourceLocator,
	INodePropertyOptions,
} from 'n8n-workflow';

import { requestJson } from '../transport/executor';
import { listEntities } from './entities';
import { getOperation } from './operation';

type Search = (this: ILoadOptionsFunctions, filter?: string, paginationToken?: string) => Promise<INodeListSearchResult>;

interface SearchPage {
	results: INodeListSearchResult['results'];
	cursor: string | null;
}

// n8n does not say which field asks, so there is a method for each entity set.
function searchBy(operation: string): Search {
	return async function (this, filter, paginationToken) {
		return await search(this, { operation, parameter: 'Id', filter, cursor: paginationToken });
	};
}

async function searchOwn(context: ILoadOptionsFunctions, query: IDataObject): Promise<INodeListSearchResult> {
	return await search(context, { operation: getOperation(context), ...query });
}

async function search(context: ILoadOptionsFunctions, query: IDataObject): Promise<INodeListSearchResult> {
	const { results, cursor } = await requestJson<SearchPage>(context, '/v1/search', query);
	return { results, paginationToken: cursor ?? undefined };
}

export const searchUsers = searchBy('GetUser');
export const searchQueues = searchBy('GetQueue');
export const searchRingGroups = searchBy('GetRingGroup');
export const searchGroups = searchBy('GetGroup');

/** Return one page of the extensions whose calls the API client may control. */
export const searchCallControl: Search = async function (this, filter, paginationToken) {
	return await searchOwn(this, { parameter: 'fromExtension', filter, cursor: paginationToken });
};

/** Return one page of the phones and apps of the chosen extension. */
export const searchCallControlDevices: Search = async function (this, filter, paginationToken) {
	const chosen = this.getCurrentNodeParameter('fromExtension') as INodeParameterResourceLocator | string | undefined;
	const parameters = { fromExtension: typeof chosen === 'object' ? chosen.value : chosen };
	return await searchOwn(this, { parameter: 'device', parameters, filter, cursor: paginationToken });
};

/** Return all users by their extension numbers. */
export async function getUsers(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const users = await listEntities(this, 'ListUser', ['Number', 'FirstName', 'LastName']);
	return users.map((each) => createOption(each, [each.FirstName, each.LastName]));
}

function createOption({ Number: number }: IDataObject, names: unknown[]): INodePropertyOptions {
	return { name: [number, ...names].filter(Boolean).join(' '), value: String(number) };
}
