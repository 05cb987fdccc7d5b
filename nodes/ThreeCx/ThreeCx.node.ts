import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { admin } from '../shared/definition';
import { executeOperation } from '../shared/execute';
import { testThreeCx } from '../shared/methods/credentialTest';
import { searchDevices, searchEntities } from '../shared/methods/listSearch';
import {
	getExpandOptions,
	getFilterFields,
	getFilterValues,
	getOrderByOptions,
	getSelectOptions,
} from '../shared/methods/loadOptions';
import {
	getGroups,
	getQueues,
	getRingGroups,
	getTrunks,
	getUsers,
	searchCrmTemplates,
	searchExtensions,
	searchGroupNumbers,
	searchNumbers,
	searchParameters,
	searchPhones,
	searchPlaylists,
	searchRecordingNames,
	searchRecordings,
	searchTrunkTemplates,
	searchUsers,
} from '../shared/methods/references';
import { getBodyFields } from '../shared/methods/resourceMapping';

export class ThreeCx implements INodeType {
	// The linter reads these literals; a test compares them with node_definition.json, which contains the parameters.
	description: INodeTypeDescription = {
		displayName: '3CX Admin',
		name: 'threeCx',
		icon: { light: 'file:threecx.svg', dark: 'file:threecx.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: admin.subtitle,
		description: 'All operations of the 3CX APIs, for administrators',
		defaults: { name: '3CX Admin' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [{ name: 'threeCxApi', required: true, testedBy: 'testThreeCx' }],
		hints: admin.hints,
		builderHint: admin.builderHint,
		sensitiveOutputFields: admin.sensitiveOutputFields,
		properties: admin.properties,
	};

	methods = {
		credentialTest: { testThreeCx },
		listSearch: {
			searchCrmTemplates,
			searchDevices,
			searchEntities,
			searchExtensions,
			searchGroupNumbers,
			searchNumbers,
			searchParameters,
			searchPhones,
			searchPlaylists,
			searchRecordingNames,
			searchRecordings,
			searchTrunkTemplates,
			searchUsers,
		},
		loadOptions: {
			getExpandOptions,
			getFilterFields,
			getFilterValues,
			getGroups,
			getOrderByOptions,
			getQueues,
			getRingGroups,
			getSelectOptions,
			getTrunks,
			getUsers,
		},
		resourceMapping: { getBodyFields },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await executeOperation(this);
	}
}
