import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect } from 'vitest'
import { z } from 'zod'
import { type Interceptor, Producer, procedure, RpcClient, RpcServer, Worker, workQueue } from '../../src/index.js'
import { eventually, firstEvent, tasks, test } from '../support/support.js'

type Leveret = typeof import('../../src/index.js')

const HOME = fileURLToPath(new URL('../..', import.meta.url))
let folder: string
/** A second copy of the package, as a library brings it that depends on another version. */
let other: Leveret

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leveret-copy-'))
  await cp(join(HOME, 'dist'), join(folder, 'dist'), { recursive: true })
  await symlink(join(HOME, 'node_modules'), join(folder, 'node_modules'))
  other = (await import(pathToFileURL(join(folder, 'dist/index.js')).href)) as Leveret
  expect(other.Reject).not.toBe((await import('../../src/index.js')).Reject)
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

test('a Reject of another copy of the package gives a delivery up at once', async ({ rabbit }) => {
  const worker = new Worker(rabbit, tasks, () => {
    throw new other.Reject('not for me')
  })
  const died = firstEvent(worker, 'delivery.dead-lettered')
  await worker.start()
  await new Producer(rabbit, tasks).send({ n: 1 })
  expect(await died).toMatchObject({ reason: 'rejected', attempt: 1, failure: { name: 'Reject' } })
})

test('so does a class of its own made of one', async ({ rabbit }) => {
  class Mine extends other.Reject {}
  const worker = new Worker(rabbit, tasks, () => Promise.reject(new Mine('not for me')))
  const died = firstEvent(worker, 'delivery.dead-lettered')
  await worker.start()
  await new Producer(rabbit, tasks).send({ n: 1 })
  expect(await died).toMatchObject({ reason: 'rejected', attempt: 1 })
})

test('a Retry of another copy of the package chooses the delay', async ({ rabbit }) => {
  const attempts: number[] = []
  const worker = new Worker(rabbit, tasks, (_task, { attempt }) => {
    attempts.push(attempt)
    if (attempt === 1) throw new other.Retry({ afterMs: 1_000 })
  })
  const retried = firstEvent(worker, 'delivery.retried')
  await worker.start()
  await new Producer(rabbit, tasks).send({ n: 1 })
  expect(await retried).toMatchObject({ afterMs: 1_000 })
  await eventually(() => expect(attempts).toEqual([1, 2]))
})

test('a role of another copy of the package refuses a connection of this one, and says how that comes', ({
  rabbit,
}) => {
  for (const make of [
    () => new other.Worker(rabbit as never, tasks, () => undefined),
    () => new other.Producer(rabbit as never, tasks),
    () => new other.Publisher(rabbit as never, other.fanoutExchange('news', { payload: z.string() })),
    () => new other.DeadLetters(rabbit as never, tasks),
  ]) {
    expect(make).toThrow(other.OptionsError)
    expect(make).toThrow('It comes from another copy of leveret')
    expect(make).toThrow('npm ls leveret')
  }
})

test('a contract of another copy of the package is a contract', async ({ rabbit }) => {
  const theirs = other.workQueue('tasks', { payload: tasks.payload })
  const worker = new Worker(rabbit, theirs, () => undefined)
  const acked = firstEvent(worker, 'delivery.acked')
  await worker.start()
  await new Producer(rabbit, theirs).send({ n: 1 })
  await acked
})

test('a ProcedureError of another copy of the package is the answer of a server', async ({ rabbit }) => {
  const find = procedure('find', {
    request: z.int(),
    response: z.int(),
    errors: { NotFound: z.object({ id: z.int() }) },
  })
  await using server = new RpcServer(rabbit, find, (id) => {
    throw new other.ProcedureError(find, 'NotFound', { id })
  })
  await server.start()
  const called = new RpcClient(rabbit, find).call(7)
  await expect(called).rejects.toMatchObject({ name: 'ProcedureError', code: 'NotFound', data: { id: 7 } })
})

test('an error of another copy of the package, thrown by an interceptor, says itself whether trying again may help', async ({
  connectTo,
}) => {
  const refusing: Interceptor = { publish: () => Promise.reject(new other.OptionsError('never')) }
  const rabbit = await connectTo({ interceptors: [refusing] })
  const sending = new Producer(rabbit, workQueue('queue', { payload: z.int() })).send(1)
  await expect(sending).rejects.toMatchObject({ outcome: 'not-sent', retryable: false })
})
