/** The types of events that a subscription can have, from the executor's own table. */
import type { IDataObject } from 'n8n-workflow';

import table from './eventTypes.json';

export type FilterField = 'extensions' | 'direction' | 'number' | 'group' | 'severity';

export interface EventType {
	name: string;
	group: string;
	title: string;
	description: string;
	/** The right that the API client needs. */
	right: string;
	filters: readonly FilterField[];
	/** An event of this type, as it is delivered. */
	sample: IDataObject;
}

export const EVENT_TYPES = table.events as unknown as readonly EventType[];

const BY_NAME = new Map(EVENT_TYPES.map((each) => [each.name, each]));

/** Return the type with this name, or undefined. */
export function findEventType(name: unknown): EventType | undefined {
	return typeof name === 'string' ? BY_NAME.get(name) : undefined;
}

/** Return the name by which the editor lists a type, alone among the options and as "On call missed" among triggers. */
export function getDisplayName({ title }: EventType): string {
	return toTitleCase(title);
}

function toTitleCase(text: string): string {
	return text.replace(/(^|\s)\p{Ll}/gu, (start) => start.toUpperCase());
}
