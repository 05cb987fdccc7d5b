import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { everyday } from '../shared/definition';
import { executeOperation } from '../shared/execute';
import { testThreeCx } from '../shared/methods/credentialTest';
import { searchEntities } from '../shared/methods/listSearch';
import {
	getFilterFields,
	getFilterValues,
	getOrderByOptions,
	getSelectOptions,
} from '../shared/methods/loadOptions';
import {
	getUsers,
	searchCallControl,
	searchCallControlDevices,
	searchExtensions,
	searchGroupNumbers,
	searchGroups,
	searchLanguages,
	searchNumbers,
	searchPhones,
	searchPromptSets,
	searchPrompts,
	searchQueues,
	searchRecordings,
	searchRingGroups,
	searchTimeZones,
	searchUsers,
} from '../shared/methods/references';
import { getBodyFields } from '../shared/methods/resourceMapping';

export class ThreeCxPhoneSystem implements INodeType {
	// The linter reads these literals; a test compares them with node_definition.json, which contains the parameters.
	description: INodeTypeDescription = {
		displayName: '3CX',
		name: 'threeCxPhoneSystem',
		icon: { light: 'file:../ThreeCx/threecx.svg', dark: 'file:../ThreeCx/threecx.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: everyday.subtitle,
		description: 'Users, calls, contacts, queues, departments and recordings of a 3CX phone system',
		defaults: { name: '3CX' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [{ name: 'threeCxApi', required: true, testedBy: 'testThreeCx' }],
		hints: everyday.hints,
		sensitiveOutputFields: everyday.sensitiveOutputFields,
		properties: everyday.properties,
	};

	methods = {
		credentialTest: { testThreeCx },
		listSearch: {
			searchCallControl,
			searchCallControlDevices,
			searchEntities,
			searchExtensions,
			searchGroupNumbers,
			searchGroups,
			searchLanguages,
			searchNumbers,
			searchPhones,
			searchPromptSets,
			searchPrompts,
			searchQueues,
			searchRecordings,
			searchRingGroups,
			searchTimeZones,
			searchUsers,
		},
		loadOptions: { getFilterFields, getFilterValues, getOrderByOptions, getSelectOptions, getUsers },
		resourceMapping: { getBodyFields },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await executeOperation(this);
	}
}
