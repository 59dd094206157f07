import { expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import {
  type Logger,
  Producer,
  procedure,
  Reject,
  RpcClient,
  RpcServer,
  type TextLogger,
  Worker,
  workQueue,
} from '../../src/index.js'
import { nextEvent } from '../support/rpc.js'
import { eventually, firstEvent, tasks, test } from '../support/support.js'

interface Warned extends Error {
  readonly code?: string
  readonly detail?: string
}

/**
 * The coded warnings of the process, from now on until the test ends. Each comes once in a process for each name of a role, so no other
 * test uses the names of these.
 */
function codedWarnings(): Warned[] {
  const warned: Warned[] = []
  const onWarning = (warning: Warned): void => void (warning.code?.startsWith('LEVERET_') && warned.push(warning))
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  return warned
}

test('without a logger the first failed attempt and the first dead letter of a worker are warnings, once each, with the stack', async ({
  rabbit,
}) => {
  const warned = codedWarnings()
  const failing = workQueue('first-failing', { payload: tasks.payload, retry: { delaysMs: [1] } })
  const worker = new Worker(rabbit, failing, () => {
    throw new Error('no such host')
  })
  let kept = 0
  worker.on('delivery.dead-lettered', () => {
    kept += 1
  })
  await worker.start()
  const producer = new Producer(rabbit, failing)
  for (const n of [1, 2, 3]) await producer.send({ n })
  await eventually(() => expect(kept).toBe(3))
  await eventually(() => expect(warned).toHaveLength(2))
  expect(warned.map(({ code }) => code)).toEqual(['LEVERET_ATTEMPT_FAILED', 'LEVERET_GIVEN_UP'])
  expect(warned[0]).toMatchObject({
    name: 'LeveretWarning',
    message: expect.stringMatching(/attempt 1 of .* failed.*no such host.*give connect\(\) a logger/),
    detail: expect.stringContaining('first-failures.test'),
  })
})

test('without a logger the first failed request of a server is a warning', async ({ rabbit }) => {
  const warned = codedWarnings()
  const number = z.object({ n: z.int() })
  const failing = procedure('failing-requests', { request: number, response: number })
  const server = new RpcServer(rabbit, failing, () => {
    throw new Error('broken')
  })
  await server.start()
  const failed = nextEvent(server, 'request.failed')
  const client = new RpcClient(rabbit, failing)
  await expect(client.call({ n: 1 })).rejects.toMatchObject({ name: 'RpcRemoteError' })
  await expect(client.call({ n: 1 })).rejects.toMatchObject({ name: 'RpcRemoteError' })
  await failed
  await eventually(() => expect(warned.map(({ code }) => code)).toEqual(['LEVERET_REQUEST_FAILED']))
})

test('without a logger the first copy that the broker refuses is a warning', async ({ rabbit, broker, vhost }) => {
  const warned = codedWarnings()
  await broker.management.declareQueue(vhost.name, 'full', { 'x-max-length': 0, 'x-overflow': 'reject-publish' })
  const deadLetter = { queue: 'full', existing: true } as const
  const refused = workQueue('first-refused', { payload: tasks.payload, retry: false, deadLetter })
  const worker = new Worker(rabbit, refused, () => {
    throw new Reject('never')
  })
  await worker.start()
  await new Producer(rabbit, refused).send({ n: 1 })
  await eventually(() => expect(warned.map(({ code }) => code)).toEqual(['LEVERET_COPY_REFUSED']))
  await broker.management.deleteQueue(vhost.name, 'full')
})

test('with a logger there is no such warning, and the error of a failed attempt is err, with its stack', async ({
  connectTo,
}) => {
  const warned = codedWarnings()
  const fields: { event?: string; err?: unknown }[] = []
  const note = (given: object): void => void fields.push(given)
  const rabbit = await connectTo({ logger: { debug: note, info: note, warn: note, error: note } })
  const once = workQueue('once-logged', { payload: z.object({ n: z.int() }), retry: false })
  const thrown = new Error('no')
  const worker = new Worker(rabbit, once, () => {
    throw thrown
  })
  const kept = firstEvent(worker as never, 'delivery.dead-lettered')
  await worker.start()
  await new Producer(rabbit, once).send({ n: 1 })
  await kept
  const line = fields.find(({ event }) => event === 'delivery.dead-lettered')
  expect(line).toMatchObject({ reason: 'attempts-exhausted', queue: 'once-logged' })
  expect(line?.err).toBe(thrown)
  expect(warned).toEqual([])
})

test('a logger of bunyan gets the error as an object that JSON can carry', async ({ connectTo }) => {
  const lines: string[] = []
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push(JSON.stringify({ level, ...fields, msg: message }))
  const bunyan = { streams: [], addSerializers: () => undefined }
  const logger: Logger = { ...bunyan, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const rabbit = await connectTo({ logger })
  const worker = new Worker(rabbit, tasks, () => {
    throw new Error('not now')
  })
  const retried = firstEvent(worker, 'delivery.retried')
  await worker.start()
  await new Producer(rabbit, tasks).send({ n: 1 })
  await retried
  const line = JSON.parse(lines.find((text) => text.includes('delivery.retried')) ?? '{}')
  expect(line).toMatchObject({ err: { name: 'Error', message: 'not now', stack: expect.stringContaining('.test.ts') } })
})

test('a logger of Nest, which has log and no info, gets texts', async ({ connectTo }) => {
  const lines: string[] = []
  const at =
    (level: string) =>
    (...texts: string[]) =>
      void lines.push(`${level}: ${texts.join(' | ')}`)
  const logger: TextLogger = { log: at('log'), warn: at('warn'), error: at('error'), debug: at('debug') }
  const rabbit = await connectTo({ logger })
  await rabbit.close()
  expect(lines[0]).toMatch(/^log: leveret: the publish connection to/)
})
