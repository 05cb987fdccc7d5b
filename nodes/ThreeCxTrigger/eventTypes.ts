/** The types of events that a subscription can have, from the executor's own table. */
import type { IDataObject, INodePropertyOptions } from 'n8n-workflow';

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

/** Return the choices of the field Events, in the order of their groups: n8n has no headings within a list. */
export function getEventOptions(): INodePropertyOptions[] {
	return table.groups.flatMap(({ name: group, title }) =>
		EVENT_TYPES.filter((each) => each.group === group).map((each) => ({
			name: getDisplayName(each),
			value: each.name,
			description: `${title}: ${each.description}`,
		})),
	);
}

/** Return the names of the types to which a field of the filter applies. */
export function getFilteredTypes(field: FilterField): string[] {
	return EVENT_TYPES.filter(({ filters }) => filters.includes(field)).map(({ name }) => name);
}

/** Return the choices of a field of the filter, in rising order. */
export function getFilterOptions(field: 'directions' | 'severities'): INodePropertyOptions[] {
	return table[field].map((value) => ({ name: toTitleCase(value), value }));
}

function toTitleCase(text: string): string {
	return text.replace(/(^|\s)\p{Ll}/gu, (start) => start.toUpperCase());
}
