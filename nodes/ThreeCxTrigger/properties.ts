/** The parameters of the trigger. */
import type { INodeProperties } from 'n8n-workflow';

import { getEventOptions, getFilteredTypes, getFilterOptions } from './eventTypes';

// Not in the field itself: n8n's lint takes each field with a method for a choice of an entity, and asks for its texts.
const RIGHTS_METHOD = { loadOptionsMethod: 'getRights', loadOptionsDependsOn: ['events'] };

const filters: INodeProperties[] = [
	{
		displayName: 'Direction',
		name: 'direction',
		type: 'options',
		displayOptions: { show: { '/events': getFilteredTypes('direction') } },
		options: getFilterOptions('directions'),
		default: 'inbound',
		description: 'Direction of the call',
	},
	{
		displayName: 'Extension Names or IDs',
		name: 'extensions',
		type: 'multiOptions',
		displayOptions: { show: { '/events': getFilteredTypes('extensions') } },
		typeOptions: { loadOptionsMethod: 'getExtensions' },
		default: [],
		description:
			'Extensions of which one takes part. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'Minimum Severity',
		name: 'severity',
		type: 'options',
		displayOptions: { show: { '/events': getFilteredTypes('severity') } },
		options: getFilterOptions('severities'),
		default: 'warning',
		description: 'Lowest severity of the entries of the event log',
	},
	{
		displayName: 'Number',
		name: 'number',
		type: 'string',
		displayOptions: { show: { '/events': getFilteredTypes('number') } },
		default: '',
		placeholder: 'e.g. +49 30*',
		description: 'Number of a party, or the DID. "*" at the start or the end stands for any digits; blanks do not matter.',
	},
	{
		displayName: 'Queue or Ring Group',
		name: 'group',
		type: 'resourceLocator',
		displayOptions: { show: { '/events': getFilteredTypes('group') } },
		default: { mode: 'list', value: '' },
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				typeOptions: { searchListMethod: 'searchGroups', searchable: true },
			},
			{
				displayName: 'By Number or Name',
				name: 'name',
				type: 'string',
				placeholder: 'e.g. 800',
			},
		],
		description: 'Queue or ring group by number. For the event log, the group of the entry.',
	},
];

export const properties: INodeProperties[] = [
	{
		displayName: 'Events',
		name: 'events',
		type: 'multiOptions',
		required: true,
		options: getEventOptions(),
		default: [],
		description: 'The events that start the workflow',
	},
	{
		displayName: 'Rights of the Client',
		name: 'rights',
		type: 'options',
		typeOptions: RIGHTS_METHOD,
		displayOptions: { hide: { events: [{ _cnd: { eq: '' } }] } },
		default: '',
		description: 'Whether the PBX gives the API client the rights that the chosen events need. There is nothing to choose here.',
	},
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add Filter',
		default: {},
		description: 'Only events that pass all filters start the workflow. A filter applies to the events that have its field.',
		options: filters,
	},
	{
		displayName: 'Simplify',
		name: 'simplify',
		type: 'boolean',
		default: true,
		description: 'Whether to return a simplified version of the response instead of the raw data',
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add Option',
		default: {},
		options: [
			{
				displayName: 'N8n URL for the Executor',
				name: 'n8nUrl',
				type: 'string',
				default: '',
				placeholder: 'e.g. http://n8n:5678',
				description:
					'Address at which the executor reaches n8n, if it is not the one that n8n uses for all webhooks (WEBHOOK_URL)',
			},
			{
				displayName: 'Send Sample When Testing',
				name: 'sendSample',
				type: 'boolean',
				default: false,
				description:
					'Whether listening for a test event returns a sample of the first chosen event at once, instead of waiting for a real one',
			},
		],
	},
];
