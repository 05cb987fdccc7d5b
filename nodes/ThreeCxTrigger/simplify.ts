/** Reduces an event to what most workflows use. */
import type { IDataObject } from 'n8n-workflow';

/** Fields of a simplified event. */
const FIELDS = 10;

/** In the order in which they are kept: the handle of the call, or the object with the record, comes first. */
const PRIORITY = [
	'id',
	'type',
	'time',
	'call',
	'callLog',
	'recording',
	'transcription',
	'voicemail',
	'chat',
	'logEntry',
	'trunk',
	'backup',
	'user',
	'direction',
	'extension',
	'externalNumber',
	'callerName',
	'answered',
	'queue',
	'did',
	'startedAt',
	'endedAt',
];

/** Return an event with at most ten fields; lists of objects in a record, such as the legs of a call, are left out. */
export function simplifyEvent(event: IDataObject): IDataObject {
	const kept = PRIORITY.filter((name) => event[name] !== undefined).slice(0, FIELDS);
	return Object.fromEntries(kept.map((name) => [name, withoutRows(event[name])]));
}

function withoutRows(value: IDataObject[string]): IDataObject[string] {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
	return Object.fromEntries(Object.entries(value).filter(([, each]) => !isRows(each)));
}

function isRows(value: unknown): boolean {
	return Array.isArray(value) && value.some((each) => typeof each === 'object');
}
