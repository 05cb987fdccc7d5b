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

interface SearchPage {
	results: INodeListSearchResult['results'];
	cursor: string | null;
}

/** Return one page of the entities that a "From List" field offers. */
export async function searchEntities(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	// n8n does not say which field asks; an operation has one field with this method.
	const definition = getDefinition(this.getNode());
	const names = new Set(definition.properties.filter(isSearched).map(({ name }) => name));
	const parameter = definition.getParameters(getOperation(this)).find(({ name }) => names.has(name))?.name;
	return await search(this, { parameter, filter, cursor: paginationToken });
}

/** Return one page of the phones and apps that are registered for the chosen extension. */
export async function searchDevices(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	const chosen = this.getCurrentNodeParameter('dn') as INodeParameterResourceLocator | string | undefined;
	const parameters = { dn: typeof chosen === 'object' ? chosen.value : chosen };
	return await search(this, { parameter: 'deviceId', parameters, filter, cursor: paginationToken });
}

function isSearched({ modes }: INodeProperties): boolean {
	return JSON.stringify(modes ?? []).includes('"searchEntities"');
}

async function search(context: ILoadOptionsFunctions, query: IDataObject): Promise<INodeListSearchResult> {
	const body = { operation: getOperation(context), ...query };
	const { results, cursor } = await requestJson<SearchPage>(context, '/v1/search', body);
	return { results, paginationToken: cursor ?? undefined };
}
