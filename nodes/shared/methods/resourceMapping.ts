import type {
	FieldType,
	ILoadOptionsFunctions,
	INodePropertyOptions,
	ResourceMapperField,
	ResourceMapperFields,
} from 'n8n-workflow';

import { requestJson } from '../transport/executor';
import { getOperation } from './operation';
import taskFields from './taskFields.json';

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

/** Return the fields of the operation's body; a field that is not required can be added. */
export async function getBodyFields(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
	const fields = await readFields(this, getOperation(this));
	// Fields with a value are displayed, also in a node that was not made in the editor.
	const body = this.getCurrentNodeParameter('body') as { value?: object | null } | undefined;
	const filled = new Set(Object.keys(body?.value ?? {}));
	return { fields: fields.map((field) => toMapperField(field, filled.has(field.id))) };
}

async function readFields(context: ILoadOptionsFunctions, operation: string): Promise<BodyField[]> {
	// n8n's editor asks before it has chosen the credential of a new node, and not again once it has.
	if (operation in taskFields && !context.getNode().credentials) {
		return taskFields[operation as keyof typeof taskFields] as BodyField[];
	}
	return (await requestJson<{ fields: BodyField[] }>(context, '/v1/fields', { operation })).fields;
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
