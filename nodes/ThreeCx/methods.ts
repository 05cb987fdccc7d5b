import type {
	FieldType,
	ILoadOptionsFunctions,
	INodeListSearchResult,
	INodePropertyOptions,
	ResourceMapperField,
	ResourceMapperFields,
} from 'n8n-workflow';

import { parametersOf, properties } from './definition';
import { nodeError, postForJson } from './executor';

interface Field {
	id: string;
	displayName: string;
	type: FieldType;
	required: boolean;
	description?: string;
	options?: INodePropertyOptions[];
}

/** Entries of a "From List" field; the field itself is found by the executor, an operation has one. */
export async function searchEntities(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	const operation = operationOf(this);
	const page = await ask<{ results: INodeListSearchResult['results']; cursor: string | null }>(this, '/v1/search', {
		operation,
		parameter: locatorOf(operation),
		filter,
		cursor: paginationToken,
	});
	return { results: page.results, paginationToken: page.cursor ?? undefined };
}

/** The fields of the operation's body; what is not required is there to be added. */
export async function getBodyFields(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
	const { fields } = await ask<{ fields: Field[] }>(this, '/v1/fields', { operation: operationOf(this) });
	// What is filled in is shown, also in a node that was written without the editor.
	const body = this.getCurrentNodeParameter('body') as { value?: object | null } | undefined;
	const filled = new Set(Object.keys(body?.value ?? {}));
	return { fields: fields.map((field) => mapperField(field, filled.has(field.id))) };
}

export async function getSelectOptions(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return await optionsOf(this, '$select');
}

export async function getExpandOptions(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return await optionsOf(this, '$expand');
}

export async function getOrderByOptions(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return await optionsOf(this, '$orderby');
}

async function optionsOf(context: ILoadOptionsFunctions, parameter: string): Promise<INodePropertyOptions[]> {
	const body = { operation: operationOf(context), parameter };
	return (await ask<{ options: INodePropertyOptions[] }>(context, '/v1/options', body)).options;
}

async function ask<T>(context: ILoadOptionsFunctions, path: string, body: Record<string, string | undefined>): Promise<T> {
	const answer = await postForJson<T>(context, path, body);
	if (answer.failure) throw nodeError(context.getNode(), answer.failure);
	return answer.value;
}

function operationOf(context: ILoadOptionsFunctions): string {
	return String(context.getCurrentNodeParameter('operation') ?? '');
}

const locators = new Set(properties.filter(({ type }) => type === 'resourceLocator').map(({ name }) => name));

function locatorOf(operation: string): string | undefined {
	return parametersOf(operation).find(({ name }) => locators.has(name))?.name;
}

function mapperField(field: Field, isFilled: boolean): ResourceMapperField {
	return {
		id: field.id,
		// A field has no place for a description of its own.
		displayName: field.description ? `${field.displayName} (${field.description})` : field.displayName,
		type: field.type,
		required: field.required,
		// Not there until it is added: what nobody touched is never sent.
		removed: !field.required && !isFilled,
		display: true,
		defaultMatch: false,
		canBeUsedToMatch: false,
		...(field.options ? { options: field.options } : {}),
	};
}
