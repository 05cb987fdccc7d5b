import type {
	FieldType,
	ILoadOptionsFunctions,
	INodePropertyOptions,
	ResourceMapperField,
	ResourceMapperFields,
} from 'n8n-workflow';

import { requestJson } from '../transport/executor';
import { getOperation } from './operation';
import bodyFields from './bodyFields.json';

interface BodyField {
	id: string;
	displayName: string;
	type: FieldType;
	required: boolean;
	/** Offered at once, though it is not required. */
	shown?: boolean;
	/** A task finds the entity by this field, if it is chosen. */
	canBeUsedToMatch?: boolean;
	/** It is chosen to match on until a person chooses others. */
	defaultMatch?: boolean;
	options?: INodePropertyOptions[];
}

/** The parameter of a mapper, as n8n stores it. */
interface StoredMapper {
	value?: object | null;
	schema?: Array<{ id: string }>;
}

/** Milliseconds for the fields of a body: the executor does not ask the PBX for them. */
const FIELDS_TIMEOUT = 10_000;

const packaged: Record<string, BodyField[] | undefined> = bodyFields as Record<string, BodyField[]>;

/** Return the fields of the operation's body; a field that is not required can be added. */
export async function getBodyFields(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
	const fields = await readFields(this, getOperation(this));
	const body = this.getCurrentNodeParameter('body') as StoredMapper | undefined;
	// Fields with a value are displayed, also in a node that was not made in the editor.
	const filled = new Set(Object.keys(body?.value ?? {}));
	const stored = new Set([...filled, ...(body?.schema ?? []).map(({ id }) => id)]);
	const named = fields.map((field) => ({ ...field, id: chooseId(field, stored) }));
	return { fields: named.map((field) => toMapperField(field, filled.has(field.id))) };
}

/**
 * Return the name by which n8n stores the value of a field.
 *
 * Of the fields that are chosen to match on, n8n's editor displays this name, and not the displayed one. The executor
 * accepts both. A node keeps the names with which it was stored: n8n would drop the values of others.
 */
function chooseId({ id, displayName, canBeUsedToMatch }: BodyField, stored: Set<string>): string {
	return canBeUsedToMatch && !stored.has(id) ? displayName : id;
}

/**
 * Return the fields as the executor knows them, whose catalog can be newer; otherwise those of this package.
 *
 * n8n's editor asks before it has chosen the credential of a new node, and not again when a credential is chosen or
 * corrected. A failure here would stay until a person tries again.
 */
async function readFields(context: ILoadOptionsFunctions, operation: string): Promise<BodyField[]> {
	const known = packaged[operation];
	if (known && !context.getNode().credentials) return known;
	const asked = requestJson<{ fields: BodyField[] }>(context, '/v1/fields', { operation }, FIELDS_TIMEOUT);
	const { fields } = known ? await asked.catch(() => ({ fields: known })) : await asked;
	return fields;
}

function toMapperField(field: BodyField, isFilled: boolean): ResourceMapperField {
	return {
		id: field.id,
		displayName: field.displayName,
		type: field.type,
		required: field.required,
		// Absent until it is added, so that an untouched field is never sent.
		removed: !field.required && !field.shown && !isFilled,
		display: true,
		defaultMatch: field.defaultMatch ?? false,
		canBeUsedToMatch: field.canBeUsedToMatch ?? false,
		...(field.options ? { options: field.options } : {}),
	};
}
