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

// n8n does not say which field asks, so there is a method for each kind of value: an operation that has it, and the
// parameter or the field of the body.
function searchBy(operation: string, parameter = 'Id'): Search {
	return async function (this, filter, paginationToken) {
		return await search(this, { operation, parameter, filter, cursor: paginationToken });
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

// Values that are not IDs, and entities of other lists.
export const searchCrmTemplates = searchBy('GetCrmTemplateSource', 'name');
export const searchExtensions = searchBy('CreateQueue', 'Agents/Number');
export const searchGroupNumbers = searchBy('CreateHoliday', 'Group');
export const searchLanguages = searchBy('CreateGroup', 'Language');
export const searchNumbers = searchBy('CreateReceptionist', 'TimeoutForwardDN');
export const searchParameters = searchBy('GetParameterByName', 'name');
export const searchPhones = searchBy('RebootPhone', 'mac');
export const searchPlaylists = searchBy('DownloadPlaylistFile', 'playlistKey');
export const searchPromptSets = searchBy('CreateGroup', 'PromptSet');
export const searchPrompts = searchBy('CreateReceptionist', 'PromptFilename');
export const searchRecordingNames = searchBy('DownloadRecordingByName', 'recName');
export const searchRecordings = searchBy('DownloadRecording', 'recId');
export const searchTimeZones = searchBy('CreateGroup', 'TimeZoneId');
export const searchTrunkTemplates = searchBy('InitTrunk', 'template');

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

async function listByNumber(context: ILoadOptionsFunctions, operation: string): Promise<INodePropertyOptions[]> {
	const entities = await listEntities(context, operation, ['Number', 'Name']);
	return entities.map((each) => createOption(each, [each.Name]));
}

function createOption({ Number: number }: IDataObject, names: unknown[]): INodePropertyOptions {
	return { name: [number, ...names].filter(Boolean).join(' '), value: String(number) };
}
