/** Lists for the trigger's fields: groups of the PBX, and the rights of the API client. */
import type {
	IDataObject,
	ILoadOptionsFunctions,
	INodeListSearchItems,
	INodeListSearchResult,
	INodePropertyOptions,
} from 'n8n-workflow';

import { listEntities } from '../../shared/methods/entities';
import { requestJson } from '../../shared/transport/executor';
import { findEventType, getDisplayName } from '../eventTypes';
import { readFilter } from '../settings';
import type { EventProblem } from '../subscriptions';

/** Lists of the PBX whose entries an event names. No event names the department of a call. */
const GROUPS = [
	{ operation: 'ListQueue', kind: 'queue' },
	{ operation: 'ListRingGroup', kind: 'ring group' },
] as const;

/** Return the queues and ring groups whose names contain the filter. */
export async function searchGroups(this: ILoadOptionsFunctions, filter = ''): Promise<INodeListSearchResult> {
	const lists = await Promise.all(
		GROUPS.map(async ({ operation, kind }) => {
			return (await listEntities(this, operation, ['Name', 'Number'])).map((each) => toListItem(each, kind));
		}),
	);
	const words = filter.toLowerCase().split(/\s+/);
	return { results: lists.flat().filter(({ name }) => words.every((each) => name.toLowerCase().includes(each))) };
}

function toListItem({ Name: name, Number: number }: IDataObject, kind: string): INodeListSearchItems {
	return { name: `${String(name)} (${kind} ${String(number)})`, value: String(number) };
}

/** Return one option, whose name says which of the chosen events the client has no right to or does not monitor. */
export async function getRights(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const events = (this.getCurrentNodeParameter('events') ?? []) as string[];
	if (!Array.isArray(events) || events.length === 0) return [{ name: 'Choose Events First', value: '' }];
	const { extensions } = (this.getCurrentNodeParameter('filters') ?? {}) as IDataObject;
	// An expression has no value yet.
	const filter = readFilter(events, { extensions: Array.isArray(extensions) ? extensions : [] });
	const body = { events, filter };
	const { problems } = await requestJson<{ problems: EventProblem[] }>(this, '/v1/subscriptions/check', body);
	if (problems.length === 0) return [{ name: 'The Chosen Events Can Come', value: '' }];
	return [{ name: problems.map(describeProblem).join(' '), value: '' }];
}

function describeProblem({ events, message, advice = '' }: EventProblem): string {
	const names = events.map((each) => {
		const type = findEventType(each);
		return type ? getDisplayName(type) : each;
	});
	return [`${names.join(', ')}: ${message.replace(/\.?$/, '.')}`, advice].filter(Boolean).join(' ');
}
