// A client of 3CX's Call Control API, written from what is known of the wire. It shares no code with what it tests.
import assert from 'node:assert/strict';

import WebSocket from 'ws';

export interface Participant {
    id: number;
    status: string;
    dn: string;
    party_caller_name: string | null;
    party_dn: string | null;
    party_caller_id: string | null;
    party_did: string | null;
    device_id: string | null;
    party_dn_type: string | null;
    direct_control: boolean;
    originated_by_dn: string | null;
    referred_by_dn: string | null;
    on_behalf_of_dn: string | null;
    callid: number;
    legid: number;
}

export interface Device {
    dn: string;
    device_id: string;
    user_agent: string;
}

export interface Dn {
    dn: string;
    type: string;
    devices: Device[];
    participants: Participant[];
}

export interface ActionResult {
    finalstatus: string | number;
    reason?: string | null;
    reasontext?: string | null;
    result?: Participant | null;
}

export interface Answer {
    status: number;
    body: unknown;
}

export interface CallEvent {
    sequence: number;
    event: { event_type: number; entity: string; attached_data: unknown };
}

interface SocketResponse {
    RequestID: string;
    Path: string;
    StatusCode: number;
    Response: unknown;
}

export const UPSERT = 0;
export const REMOVE = 1;
export const DTMF = 2;
export const PROMPT_FINISHED = 3;
export const RESPONSE = 4;

/** Milliseconds after which something that does not happen fails a scenario. */
const PATIENCE = 20_000;

/** 3CX documents a text, its examples read a number. */
export function isSuccess(result: ActionResult): boolean {
    return result.finalstatus === 1 || String(result.finalstatus).toLowerCase() === 'success';
}

export function participantPath(participant: { dn: string; id: number }): string {
    return `/callcontrol/${participant.dn}/participants/${participant.id}`;
}

/** The REST half: one login, and requests with its token. */
export class CallControl {
    token = '';

    constructor(
        readonly base: string,
        readonly clientId: string,
        private readonly secret: string,
    ) {}

    async login(form: 'multipart' | 'urlencoded' = 'multipart'): Promise<void> {
        const body = form === 'multipart' ? new FormData() : new URLSearchParams();
        body.append('grant_type', 'client_credentials');
        body.append('client_id', this.clientId);
        body.append('client_secret', this.secret);
        const response = await fetch(`${this.base}/connect/token`, { method: 'POST', body });
        assert.equal(response.status, 200, await response.clone().text());
        this.token = ((await response.json()) as { access_token: string }).access_token;
    }

    async get(path: string): Promise<Answer> {
        return await this.send('GET', path);
    }

    /** A body and its type are wanted for every action, even if the body is empty. */
    async post(path: string, body: unknown = {}): Promise<Answer> {
        return await this.send('POST', path, { 'content-type': 'application/json' }, JSON.stringify(body));
    }

    async send(method: string, path: string, headers: Record<string, string> = {}, body?: BodyInit): Promise<Answer> {
        const authorization = `Bearer ${this.token}`;
        const response = await fetch(this.base + path, { method, headers: { authorization, ...headers }, body });
        const text = await response.text();
        return { status: response.status, body: parse(text) };
    }

    async read<T>(path: string): Promise<T> {
        const answer = await this.get(path);
        assert.equal(answer.status, 200, `GET ${path}: ${JSON.stringify(answer)}`);
        return answer.body as T;
    }

    /** Perform an action that must succeed; 3CX answers with 200 or 202. */
    async act(participant: { dn: string; id: number }, action: string, body: unknown = {}): Promise<ActionResult> {
        const answer = await this.post(`${participantPath(participant)}/${action}`, body);
        return expectSuccess(answer, action);
    }

    /** Perform an action that must be refused with one of these statuses. */
    async refuse(participant: { dn: string; id: number }, action: string, body: unknown, ...statuses: number[]) {
        const answer = await this.post(`${participantPath(participant)}/${action}`, body);
        assert.ok(statuses.includes(answer.status), `${action}: ${JSON.stringify(answer)}`);
    }

    async devices(dn: string): Promise<Device[]> {
        return await this.read<Device[]>(`/callcontrol/${dn}/devices`);
    }

    /** Call from a device, whose ID is part of the path. */
    async makeCall(dn: string, destination: string, more: object = {}): Promise<Participant> {
        const [device] = await this.devices(dn);
        assert.ok(device, `${dn} has no device`);
        const path = `/callcontrol/${dn}/devices/${encodeURIComponent(device.device_id)}/makecall`;
        const result = expectSuccess(await this.post(path, { destination, ...more }), 'makecall');
        assert.ok(result.result, 'the answer names the participant');
        assert.equal(result.result.dn, dn);
        return result.result;
    }
}

function expectSuccess(answer: Answer, action: string): ActionResult {
    assert.ok([200, 202].includes(answer.status), `${action}: ${JSON.stringify(answer)}`);
    const result = answer.body as ActionResult;
    assert.ok(isSuccess(result), `${action}: ${JSON.stringify(result)}`);
    return result;
}

function parse(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}

/** The other half: the socket, and the entities as they are after each event. */
export class Listener {
    readonly events: CallEvent[] = [];
    readonly known = new Map<string, Participant>();
    closeCode: number | undefined;
    private readonly waiting = new Map<string, (response: SocketResponse) => void>();
    private readonly fetching = new Map<string, 'once' | 'again'>();
    private readonly watchers = new Set<() => void>();
    private requests = 0;

    private constructor(
        private readonly rest: CallControl,
        private readonly socket: WebSocket,
    ) {
        socket.on('message', (data) => this.receive(JSON.parse(String(data)) as CallEvent));
        socket.on('close', (code) => {
            this.closeCode = code;
            this.changed();
        });
        socket.on('error', () => this.changed());
    }

    static async open(rest: CallControl): Promise<Listener> {
        const url = `${rest.base.replace(/^http/, 'ws')}/callcontrol/ws`;
        const socket = new WebSocket(url, { headers: { Authorization: `Bearer ${rest.token}` } });
        const listener = new Listener(rest, socket);
        await new Promise<void>((resolve, reject) => {
            socket.once('open', resolve);
            socket.once('error', reject);
        });
        return listener;
    }

    close(): void {
        this.socket.terminate();
    }

    ping(): Promise<void> {
        return new Promise((resolve) => {
            this.socket.once('pong', () => resolve());
            this.socket.ping();
        });
    }

    /** Take over what is there now: the response is in order with the events. */
    async snapshot(): Promise<Dn[]> {
        const response = await this.request('/callcontrol');
        assert.equal(response.StatusCode, 200);
        const dns = response.Response as Dn[];
        for (const participant of dns.flatMap((each) => each.participants)) {
            this.known.set(participantPath(participant), participant);
        }
        return dns;
    }

    /** Send a request over the socket; its response is an event of its own type. */
    async request(path: string, data?: object): Promise<SocketResponse> {
        const id = `r${(this.requests += 1)}`;
        const response = new Promise<SocketResponse>((resolve) => this.waiting.set(id, resolve));
        this.socket.send(JSON.stringify({ RequestID: id, Path: path, ...(data && { RequestData: data }) }));
        return await within(response, `a response to ${path}`);
    }

    sendText(text: string): void {
        this.socket.send(text);
    }

    /** The participants of a DN as they are now, as far as the events say. */
    of(dn: string): Participant[] {
        return [...this.known.values()].filter((each) => each.dn === dn);
    }

    eventsOf(type: number, entity?: string): CallEvent[] {
        return this.events.filter(({ event }) => event.event_type === type && (!entity || event.entity === entity));
    }

    /** Wait until `look` finds something. */
    async until<T>(what: string, look: () => T | undefined | false): Promise<T> {
        return await within(
            new Promise<T>((resolve) => {
                const watch = (): void => {
                    const found = look();
                    if (found === undefined || found === false) return;
                    this.watchers.delete(watch);
                    resolve(found);
                };
                this.watchers.add(watch);
                watch();
            }),
            what,
            () => `; known: ${JSON.stringify([...this.known.values()])}; events: ${JSON.stringify(this.events)}`,
        );
    }

    /** Wait for a participant of a DN in a state. */
    async participant(dn: string, status: string, more: (each: Participant) => boolean = () => true) {
        return await this.until(`${dn} is ${status}`, () =>
            this.of(dn).find((each) => each.status === status && more(each)),
        );
    }

    async gone(participant: Participant): Promise<void> {
        const entity = participantPath(participant);
        await this.until(`the end of ${entity}`, () => this.eventsOf(REMOVE, entity).length > 0);
        assert.equal(this.known.has(entity), false);
    }

    private receive(message: CallEvent): void {
        this.events.push(message);
        const { event_type: type, entity, attached_data: data } = message.event;
        if (type === RESPONSE) {
            const response = data as SocketResponse;
            this.waiting.get(response.RequestID)?.(response);
            this.waiting.delete(response.RequestID);
        } else if (type === REMOVE) {
            this.known.delete(entity);
        } else if (type === UPSERT) {
            void this.fetch(entity);
        }
        this.changed();
    }

    /** GET the entity of an upsert: one request at a time, and one more for all upserts that came meanwhile. */
    private async fetch(entity: string): Promise<void> {
        const isUnderWay = this.fetching.has(entity);
        this.fetching.set(entity, isUnderWay ? 'again' : 'once');
        if (isUnderWay) return;
        do {
            this.fetching.set(entity, 'once');
            const { status, body } = await this.rest.get(entity);
            const isRemoved = this.eventsOf(REMOVE, entity).length > 0;
            if (status === 200 && !isRemoved) this.known.set(entity, body as Participant);
            // It may be gone already.
            else if (status === 404) this.known.delete(entity);
            this.changed();
        } while (this.fetching.get(entity) === 'again');
        this.fetching.delete(entity);
    }

    private changed(): void {
        for (const watch of [...this.watchers]) watch();
    }
}

/** Fail where something takes too long. */
export async function within<T>(promise: Promise<T>, what: string, more: () => string = () => ''): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`waited in vain for ${what}${more()}`)), PATIENCE);
    });
    try {
        return await Promise.race([promise, late]);
    } finally {
        clearTimeout(timer);
    }
}
