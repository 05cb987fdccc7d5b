/** The parameters of the trigger, as the executor's subscription has them. */
import type { IDataObject, IHookFunctions, INodeParameterResourceLocator } from 'n8n-workflow';

import { createOperationError } from '../shared/transport/failures';
import { EVENT_TYPES, findEventType, type FilterField } from './eventTypes';

export interface SubscriptionSettings extends IDataObject {
	events: string[];
	filter: IDataObject;
	/** URL of n8n's webhook, as the executor is to call it. */
	url: string;
}

/** Return what the trigger subscribes to. Throws NodeOperationError where no event is chosen. */
export function readSettings(context: IHookFunctions): SubscriptionSettings {
	const events = toList(context.getNodeParameter('events', []));
	if (events.length === 0) {
		throw createOperationError(context.getNode(), {
			message: 'No events are chosen, so nothing could start the workflow',
			description: 'Choose at least one event in the 3CX Trigger node',
		});
	}
	// In the order of the table, so that a changed order does not look like a changed subscription.
	const order = new Map(EVENT_TYPES.map(({ name }, index) => [name, index]));
	events.sort((one, other) => (order.get(one) ?? Infinity) - (order.get(other) ?? Infinity));
	const filters = context.getNodeParameter('filters', {}) as IDataObject;
	const options = context.getNodeParameter('options', {}) as IDataObject;
	return { events, filter: readFilter(events, filters), url: getWebhookUrl(context, options.n8nUrl) };
}

/** Return the fields of the filter that have a value and apply to a chosen event: the editor hides the others. */
export function readFilter(events: string[], filters: IDataObject): IDataObject {
	const group = filters.group as INodeParameterResourceLocator | string | undefined;
	const values: Record<FilterField, string | string[]> = {
		direction: toText(filters.direction),
		extensions: toList(filters.extensions),
		group: toText(typeof group === 'object' && group !== null ? group.value : group),
		number: toText(filters.number),
		severity: toText(filters.severity),
	};
	const applicable = new Set(events.flatMap((each) => findEventType(each)?.filters ?? []));
	const filled = Object.entries(values).filter(([field, value]) => value.length > 0 && applicable.has(field as FilterField));
	return Object.fromEntries(filled);
}

/** Return n8n's webhook URL, at another address of n8n where one is given. Throws NodeOperationError. */
export function getWebhookUrl(context: IHookFunctions, n8nUrl: unknown): string {
	const own = context.getNodeWebhookUrl('default') ?? '';
	const address = toText(n8nUrl).replace(/\/+$/, '');
	if (!address) return own;
	if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) {
		throw createOperationError(context.getNode(), {
			message: `The n8n URL for the executor, ${address.slice(0, 200)}, is not valid`,
			description: 'Enter an address such as http://n8n:5678, without the path of the webhook',
		});
	}
	const { pathname, search } = new URL(own);
	return `${address}${pathname}${search}`;
}

function toList(value: unknown): string[] {
	const list: unknown[] = Array.isArray(value) ? value : String(value ?? '').split(',');
	return [...new Set(list.map(toText).filter((each) => each !== ''))];
}

function toText(value: unknown): string {
	return value === undefined || value === null ? '' : String(value).trim();
}
