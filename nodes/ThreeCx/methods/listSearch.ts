import type { ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';

import { getParameters, properties } from '../definition';
import { requestJson } from '../transport/executor';
import { getOperation } from './operation';

interface SearchPage {
	results: INodeListSearchResult['results'];
	cursor: string | null;
}

const locatorNames = new Set(properties.filter(({ type }) => type === 'resourceLocator').map(({ name }) => name));

/** Return one page of the entities that a "From List" field offers. */
export async function searchEntities(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	const operation = getOperation(this);
	// n8n does not say which field asks; an operation has one resource locator.
	const parameter = getParameters(operation).find(({ name }) => locatorNames.has(name))?.name;
	const body = { operation, parameter, filter, cursor: paginationToken };
	const { results, cursor } = await requestJson<SearchPage>(this, '/v1/search', body);
	return { results, paginationToken: cursor ?? undefined };
}
