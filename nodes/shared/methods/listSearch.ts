/** The methods of "From List" fields: each returns one page of the entities that a field offers. */
import type {
	IDataObject,
	ILoadOptionsFunctions,
	INodeListSearchResult,
	INodeParameterResourceLocator,
	INodeProperties,
} from 'n8n-workflow';

import { getDefinition } from '../definition';
import { requestJson } from '../transport/executor';
import { getOperation } from './operation';

type Search = (this: ILoadOptionsFunctions, filter?: string, paginationToken?: string) => Promise<INodeListSearchResult>;

interface SearchPage {
	results: INodeListSearchResult['results'];
	cursor: string | null;
}

/** Return one page of the entities that the chosen operation works on. */
export const searchEntities: Search = async function (this, filter, paginationToken) {
	// n8n does not say which field asks; an operation has one field with this method.
	const definition = getDefinition(this.getNode());
	const names = new Set(definition.properties.filter(isSearched).map(({ name }) => name));
	const parameter = definition.getParameters(getOperation(this)).find(({ name }) => names.has(name))?.name;
	return await search(this, { parameter, filter, cursor: paginationToken });
};

/** Return one page of the extensions whose calls the API client may control. */
export const searchCallControl: Search = async function (this, filter, paginationToken) {
	return await search(this, { parameter: 'fromExtension', filter, cursor: paginationToken });
};

// Phones and apps of the chosen extension.
export const searchCallControlDevices = searchDevicesOf('fromExtension', 'device');
export const searchDevices = searchDevicesOf('dn', 'deviceId');

// Entities that other fields refer to. n8n does not say which field asks, so there is a method for each kind of value: an
// operation that has it, and the parameter or the field of the body.
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

function searchBy(operation: string, parameter = 'Id'): Search {
	return async function (this, filter, paginationToken) {
		return await search(this, { operation, parameter, filter, cursor: paginationToken });
	};
}

function searchDevicesOf(extension: string, parameter: string): Search {
	return async function (this, filter, paginationToken) {
		const chosen = this.getCurrentNodeParameter(extension) as INodeParameterResourceLocator | string | undefined;
		const parameters = { [extension]: typeof chosen === 'object' ? chosen.value : chosen };
		return await search(this, { parameter, parameters, filter, cursor: paginationToken });
	};
}

function isSearched({ modes }: INodeProperties): boolean {
	return JSON.stringify(modes ?? []).includes('"searchEntities"');
}

/** Ask for a page; a query without an operation is about the chosen one. */
async function search(context: ILoadOptionsFunctions, query: IDataObject): Promise<INodeListSearchResult> {
	const body = { operation: getOperation(context), ...query };
	const { results, cursor } = await requestJson<SearchPage>(context, '/v1/search', body);
	return { results, paginationToken: cursor ?? undefined };
}
