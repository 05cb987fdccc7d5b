// Drives a client that openapi-generator made from 3CX's API document; `./client` is what it generated.
//
//     node driver.mjs --list
//     XAPI_URL=http://127.0.0.1:5001 XAPI_CLIENT_ID=… XAPI_CLIENT_SECRET=… node driver.mjs users
//
// One scenario is one process. It calls the generated methods and looks at what they give; a call that fails
// when it should not, or does not when it should, ends the process with 1 and says what came back.
import assert from 'node:assert/strict';
import { isAxiosError } from 'axios';
import {
    Configuration,
    ContactsApi,
    DefsApi,
    FaxApi,
    GroupsApi,
    LicenseStatusApi,
    OutboundRulesApi,
    ParkingsApi,
    QueuesApi,
    ReceptionistsApi,
    RingGroupsApi,
    ServicePrincipalsApi,
    SipDevicesApi,
    SystemStatusApi,
    TrunksApi,
    TrunkTemplatesApi,
    UsersApi,
} from './client';

type Scenario = (api: Configuration) => Promise<void>;

// The client puts a string argument into the path as it is: the caller adds the quotes that OData requires.
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

// A number that the office's owner has.
const TAKEN = '100';

/** The operations of all sets whose entities have a number. */
interface Numbered<T> {
    create: () => Promise<{ data: T }>;
    list: (filter: string) => Promise<{ data: { value?: T[]; '@odata.count'?: number | null } }>;
    get: (id: number) => Promise<{ data: T }>;
    byNumber?: (number: string) => Promise<{ data: T }>;
    update: (id: number, values: T) => Promise<unknown>;
    remove: (id: number) => Promise<unknown>;
    /** Values that an update changes, and that are read back. */
    change: T;
}

interface Identified {
    Id?: number;
    Number?: string | null;
}

async function refused(call: Promise<unknown>, status: number, message: string): Promise<void> {
    const error: unknown = await call.then(() => undefined, (reason: unknown) => reason);
    assert.ok(isAxiosError(error), `expected a refusal, not ${String(error)}`);
    assert.equal(error.response?.status, status);
    const body = error.response.data as { error: { message: string } };
    assert.match(body.error.message, new RegExp(message));
}

/** Creates one, finds it in every way, changes it, fails to change its number, deletes it. */
async function live<T extends Identified>(kind: Numbered<T>): Promise<void> {
    const created = (await kind.create()).data;
    const id = created.Id!;
    const number = created.Number!;
    assert.ok(id > 0);
    assert.notEqual(number, TAKEN);

    const listed = (await kind.list(`Number eq ${quoted(number)}`)).data;
    assert.equal(listed['@odata.count'], 1);
    // Only the properties in $select.
    assert.deepEqual(listed.value, [{ Id: id, Number: number }]);
    const read = (await kind.get(id)).data;
    assert.equal(read.Number, number);
    if (kind.byNumber) {
        assert.equal((await kind.byNumber(quoted(number))).data.Id, id);
        await refused(kind.byNumber(quoted('no such number')), 404, 'NOT_FOUND');
    }

    await kind.update(id, { ...kind.change, Number: number });
    const changed = (await kind.get(id)).data;
    for (const [name, value] of Object.entries(kind.change)) {
        assert.deepEqual(changed[name as keyof T], value, name);
    }
    await refused(kind.update(id, { Number: TAKEN } as T), 400, 'Number');
    assert.equal((await kind.get(id)).data.Number, number);

    await kind.remove(id);
    await refused(kind.get(id), 404, 'NOT_FOUND');
}

const $select = new Set(['Id', 'Number']);
const found = ($filter: string) => ({ $filter, $select, $count: true, $top: 100, $skip: 0, $orderby: new Set(['Number desc']) });

const users: Scenario = async (config) => {
    const api = new UsersApi(config);
    await live({
        create: () => api.createUser({ pbxUser: {} }),
        list: (filter) => api.listUser(found(filter)),
        get: (id) => api.getUser({ id }),
        byNumber: (number) => api.getUserByNumber({ number }),
        update: (id, pbxUser) => api.updateUser({ id, pbxUser }),
        remove: (id) => api.deleteUser({ id, ifMatch: '*' }),
        change: { FirstName: 'Zoë', LastName: "O'Hara & Sons", Enabled: false },
    });
};

const groups: Scenario = async (config) => {
    const api = new GroupsApi(config);
    await live({
        create: () => api.createGroup({ pbxGroup: { Name: 'Made elsewhere' } }),
        list: (filter) => api.listGroup(found(filter)),
        get: (id) => api.getGroup({ id }),
        update: (id, pbxGroup) => api.updateGroup({ id, pbxGroup }),
        remove: (id) => api.deleteGroup({ id }),
        change: { Name: 'Renamed elsewhere' },
    });
};

const groupMembers: Scenario = async (config) => {
    const groupsApi = new GroupsApi(config);
    const usersApi = new UsersApi(config);
    const group = (await groupsApi.createGroup({ pbxGroup: { Name: 'Night shift' } })).data;
    const user = (await usersApi.createUser({ pbxUser: { FirstName: 'Nora' } })).data;
    const id = group.Id!;
    const membersNow = async () => (await groupsApi.listMembers({ id })).data.value!.map((each) => each.Number);

    // From the group's side, …
    const Rights = { RoleName: 'users' };
    await groupsApi.updateGroup({ id, pbxGroup: { Members: [{ Number: user.Number!, Rights }] } });
    assert.deepEqual(await membersNow(), [user.Number]);
    const expanded = await groupsApi.getGroup({ id, $select: new Set(['Name']), $expand: new Set(['Members', 'Rights']) });
    assert.equal(expanded.data.Members?.[0]?.Number, user.Number);
    assert.ok(Array.isArray(expanded.data.Rights));
    assert.equal(expanded.data.Number, undefined);
    await refused(groupsApi.deleteGroup({ id }), 400, 'WITH_MEMBERS');
    await groupsApi.updateGroup({ id, pbxGroup: { Members: [] } });
    assert.deepEqual(await membersNow(), []);

    // … and from the user's.
    await usersApi.updateUser({ id: user.Id!, pbxUser: { Groups: [{ GroupId: id, Rights }] } });
    assert.deepEqual(await membersNow(), [user.Number]);
    const withGroups = await usersApi.getUser({ id: user.Id!, $expand: new Set(['Groups($expand=Rights)']) });
    assert.deepEqual(withGroups.data.Groups?.map((each) => [each.GroupId, each.Rights?.RoleName]), [[id, 'users']]);
    await usersApi.updateUser({ id: user.Id!, pbxUser: { Groups: [] } });

    await usersApi.deleteUser({ id: user.Id! });
    await groupsApi.deleteGroup({ id });
};

const queues: Scenario = async (config) => {
    const api = new QueuesApi(config);
    await live({
        create: () => api.createQueue({ pbxQueue: { AnnouncementInterval: 50 } }),
        list: (filter) => api.listQueue(found(filter)),
        get: (id) => api.getQueue({ id }),
        byNumber: (number) => api.getQueueByNumber({ number }),
        update: (id, pbxQueue) => api.updateQueue({ id, pbxQueue }),
        remove: (id) => api.deleteQueue({ id }),
        change: { Name: 'Night line', PollingStrategy: 'LongestWaiting', RingTimeout: 45 },
    });
};

const ringGroups: Scenario = async (config) => {
    const api = new RingGroupsApi(config);
    await live({
        create: () => api.createRingGroup({ pbxRingGroup: { Name: 'Made elsewhere' } }),
        list: (filter) => api.listRingGroup(found(filter)),
        get: (id) => api.getRingGroup({ id }),
        byNumber: (number) => api.getRingGroupByNumber({ number }),
        update: (id, pbxRingGroup) => api.updateRingGroup({ id, pbxRingGroup }),
        remove: (id) => api.deleteRingGroup({ id }),
        change: { Name: 'Front desk', RingTime: 33 },
    });
};

const receptionists: Scenario = async (config) => {
    const api = new ReceptionistsApi(config);
    await live({
        create: () => api.createReceptionist({ pbxReceptionist: { Name: 'Made elsewhere' } }),
        list: (filter) => api.listReceptionist(found(filter)),
        get: (id) => api.getReceptionist({ id }),
        byNumber: (number) => api.getReceptionistByNumber({ number }),
        update: (id, pbxReceptionist) => api.updateReceptionist({ id, pbxReceptionist }),
        remove: (id) => api.deleteReceptionist({ id }),
        change: { Name: 'Welcome', Timeout: 9 },
    });
};

const parkings: Scenario = async (config) => {
    const api = new ParkingsApi(config);
    await live({
        create: () => api.createParking({ pbxParking: { Number: 'SP100' } }),
        list: (filter) => api.listParking(found(filter)),
        get: (id) => api.getParking({ id }),
        byNumber: (number) => api.getParkingByNumber({ number }),
        update: (id, pbxParking) => api.updateParking({ id, pbxParking }),
        remove: (id) => api.deleteParking({ id }),
        change: {},
    });
};

const fax: Scenario = async (config) => {
    const api = new FaxApi(config);
    await live({
        // The template goes back as it came, with its annotations and its Id of 0.
        create: async () => api.createFax({ pbxFax: (await api.initFax()).data }),
        list: (filter) => api.listFax(found(filter)),
        get: (id) => api.getFax({ id }),
        byNumber: (number) => api.getFaxByNumber({ number }),
        update: (id, pbxFax) => api.updateFax({ id, pbxFax }),
        remove: (id) => api.deleteFax({ id }),
        change: { OutboundCallerId: '+43512555099' },
    });
};

const trunks: Scenario = async (config) => {
    const api = new TrunksApi(config);
    const templates = (await new TrunkTemplatesApi(config).listTrunkTemplate()).data.value!;
    // One of them is what 3CX's published example begins with.
    assert.ok(templates.some((template) => template.Id === '1cx.pv.xml'));
    for (const template of templates) {
        await live({
            create: async () => {
                const made = (await api.initTrunk({ template: quoted(template.Id!) })).data;
                return api.createTrunk({ pbxTrunk: { ...made, AuthPassword: { Value: 'aB3dE6gH9j' } } });
            },
            list: (filter) => api.listTrunk(found(filter)),
            get: (id) => api.getTrunk({ id }),
            byNumber: (number) => api.getTrunkByNumber({ number }),
            update: (id, pbxTrunk) => api.updateTrunk({ id, pbxTrunk }),
            remove: (id) => api.deleteTrunk({ id }),
            change: { ExternalNumber: '+43512555000', SimultaneousCalls: 7 },
        });
    }
    await refused(api.initTrunk({ template: quoted('no such template') }), 404, 'template');
};

const contacts: Scenario = async (config) => {
    const api = new ContactsApi(config);
    const made = (await api.createContact({ pbxContact: { FirstName: 'Nikola', PhoneNumber: '+43512555077' } })).data;
    const id = made.Id!;
    const listed = await api.listContact({ $filter: "startswith(FirstName,'Niko')", $select: new Set(['Id']), $top: 1 });
    assert.deepEqual(listed.data.value, [{ Id: id }]);
    assert.equal((await api.getContact({ id })).data.PhoneNumber, '+43512555077');
    // The document joins this answer's schema of parts, of which the generator makes `object`.
    const byNumber = (await api.getContactsByNumber({ number: quoted('+43512555077') })).data as { value: { Id: number }[] };
    assert.deepEqual(byNumber.value.map((each) => each.Id), [id]);
    await api.updateContact({ id, pbxContact: { CompanyName: 'Åkesson & Co' } });
    const changed = (await api.getContact({ id })).data;
    assert.deepEqual([changed.FirstName, changed.CompanyName], ['Nikola', 'Åkesson & Co']);
    await refused(api.createContact({ pbxContact: {} }), 400, 'SPECIFY_NAME');
    await api.deleteContact({ id });
    await refused(api.getContact({ id }), 404, 'NOT_FOUND');
};

const servicePrincipals: Scenario = async (config) => {
    const api = new ServicePrincipalsApi(config);
    await live({
        create: () => api.createServicePrincipal({ pbxServicePrincipal: { Number: 'elsewhere' } }),
        list: (filter) => api.listServicePrincipal(found(filter)),
        get: (id) => api.getServicePrincipal({ id }),
        update: (id, pbxServicePrincipal) => api.updateServicePrincipal({ id, pbxServicePrincipal }),
        remove: (id) => api.deleteServicePrincipal({ id }),
        change: { CallControlEnabled: true },
    });
};

const systemStatus: Scenario = async (config) => {
    const status = (await new SystemStatusApi(config).getSystemStatus()).data;
    const listed = (await new UsersApi(config).listUser({ $count: true, $top: 1 })).data;
    assert.equal(status.ExtensionsTotal, listed['@odata.count']);
    assert.match(status.Version!, /^20\.0\.10\./);
};

const health: Scenario = async (config) => {
    const status = (await new SystemStatusApi(config).systemHealthStatus()).data;
    assert.deepEqual([status.Firewall, status.Phones, status.Trunks], [true, true, true]);
};

const parameters: Scenario = async (config) => {
    const known = (await new DefsApi(config).getSystemParameters()).data;
    assert.match(known.Version!, /^20\.0\.10\./);
    assert.ok(known.License);
};

const licence: Scenario = async (config) => {
    const status = (await new LicenseStatusApi(config).getLicenseStatus()).data;
    assert.ok(status.MaxSimCalls! > 0);
};

const otherLists: Scenario = async (config) => {
    const ids = { $select: new Set(['Id']) };
    const rules = (await new OutboundRulesApi(config).listOutboundRule(ids)).data.value!;
    assert.ok(rules.length > 0);
    const devices = (await new SipDevicesApi(config).listSipDevice(ids)).data.value!;
    for (const row of [...rules, ...devices]) {
        assert.deepEqual(Object.keys(row), ['Id']);
    }
};

const scenarios: Record<string, Scenario> = {
    users, groups, 'group-members': groupMembers, queues, 'ring-groups': ringGroups, receptionists, parkings, fax,
    trunks, contacts, 'service-principals': servicePrincipals, 'system-status': systemStatus, health, parameters,
    licence, 'other-lists': otherLists,
};

/** A token as 3CX's own example asks for it: with a multipart form. */
async function login(): Promise<Configuration> {
    const { XAPI_URL, XAPI_CLIENT_ID, XAPI_CLIENT_SECRET } = process.env;
    const form = new FormData();
    form.append('client_id', XAPI_CLIENT_ID!);
    form.append('client_secret', XAPI_CLIENT_SECRET!);
    form.append('grant_type', 'client_credentials');
    const answer = await fetch(`${XAPI_URL}/connect/token`, { method: 'POST', body: form });
    assert.equal(answer.status, 200);
    const { access_token: accessToken } = (await answer.json()) as { access_token: string };
    return new Configuration({ basePath: `${XAPI_URL}/xapi/v1`, accessToken });
}

function shown(error: unknown): string {
    if (!isAxiosError(error)) {
        return error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    const { method, url } = error.config ?? {};
    const answer = JSON.stringify(error.response?.data ?? error.message);
    return `${method} ${url}: ${error.response?.status} ${answer}\n${error.stack}`;
}

async function main(name: string | undefined): Promise<void> {
    if (name === '--list') {
        process.stdout.write(`${JSON.stringify(Object.keys(scenarios))}\n`);
        return;
    }
    const scenario = scenarios[name ?? ''];
    assert.ok(scenario, `the scenario ${name} does not exist`);
    await scenario(await login());
}

main(process.argv[2]).catch((error: unknown) => {
    process.stderr.write(`${shown(error)}\n`);
    process.exitCode = 1;
});
