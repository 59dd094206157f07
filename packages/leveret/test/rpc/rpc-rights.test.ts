import { expect } from 'vitest'
import { type Connection, RpcClient, RpcServer } from '../../src/index.js'
import { MARK } from '../support/no-secrets.js'
import { double, nextEvent } from '../support/rpc.js'
import { eventually, fieldsOf, test } from '../support/support.js'

const PASSWORD = `${MARK}-server`
const ALL = { configure: '.*', write: '.*', read: '.*' }
/** It may declare and consume its queue, and write nothing. */
const SILENT = { ...ALL, write: '^$' }

const REFUSED = {
  name: 'BrokerError',
  replyCode: 403,
  message: expect.stringMatching(/^Answering the requests of 'double': .*'amq\.default'.*rabbitmqctl set_permissions/),
}

const serve = (rabbit: Connection): RpcServer<typeof double> =>
  new RpcServer(rabbit, double, ({ n }) => ({ doubled: 2 * n }))

const serverHealth = (rabbit: Connection): unknown => rabbit.health().roles.find(({ role }) => role === 'rpc-server')

test('a server that may not answer does not start, and names the missing right; its clients find no server', async ({
  rabbit,
  vhost,
  createUser,
  connectTo,
}) => {
  const username = await createUser('server', PASSWORD, SILENT)
  const lines: string[] = []
  const logger = {
    debug: () => {},
    info: () => {},
    warn: (_: object, line: string) => void lines.push(line),
    error: () => {},
  }
  const server = serve(await connectTo({ logger }, { ...fieldsOf(vhost.url), username, password: PASSWORD }))
  const failed = nextEvent(server, 'consume-failed')
  await expect(server.start()).rejects.toMatchObject(REFUSED)
  expect(await failed).toMatchObject({ role: 'rpc-server', reason: REFUSED })
  expect(lines).toContainEqual(expect.stringContaining("Answering the requests of 'double'"))
  await expect(new RpcClient(rabbit, double).call({ n: 1 })).rejects.toMatchObject({ name: 'RpcNoResponderError' })
})

test('a server whose right to answer is taken takes no more requests, is not ready, and goes on when it is granted', async ({
  rabbit,
  vhost,
  broker,
  createUser,
  connectTo,
}) => {
  const username = await createUser('server', PASSWORD)
  const served = await connectTo({}, { ...fieldsOf(vhost.url), username, password: PASSWORD })
  const server = serve(served)
  const [lost, failed] = [nextEvent(server, 'replies.lost'), nextEvent(server, 'consume-failed')]
  await server.start()
  await broker.management.setPermissions(vhost.name, username, SILENT)
  const client = new RpcClient(rabbit, double)
  // It is handled, and its answer refused: it times out, or the client sees before that that no server is there any more.
  await expect(client.call({ n: 1 }, { timeoutMs: 1_000 })).rejects.toMatchObject({
    name: expect.stringMatching(/^Rpc(Timeout|NoResponder)Error$/),
    retryable: true,
  })
  expect(await lost).toMatchObject({ reason: { replyCode: 403 } })
  expect(await failed).toMatchObject({ reason: REFUSED })
  await eventually(() =>
    expect(serverHealth(served)).toMatchObject({ ready: false, attached: false, why: REFUSED.message }),
  )
  await expect(client.call({ n: 2 })).rejects.toMatchObject({ name: 'RpcNoResponderError', reason: 'no-consumers' })
  await broker.management.setPermissions(vhost.name, username, ALL)
  await eventually(() => expect(serverHealth(served)).toMatchObject({ ready: true }), { timeoutMs: 40_000 })
  expect(await client.call({ n: 3 })).toEqual({ doubled: 6 })
})
