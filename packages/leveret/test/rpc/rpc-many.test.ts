import { expect } from 'vitest'
import { RpcClient, RpcServer } from '../../src/index.js'
import { double } from '../support/rpc.js'
import { eventually, test } from '../support/support.js'

const CALLS = 10_000

test(`${CALLS} calls at once each get their own answer, and leave nothing behind`, async ({ rabbit, vhost }) => {
  await new RpcServer(rabbit, double, ({ n }) => ({ doubled: 2 * n }), { concurrency: 200 }).start()
  const client = new RpcClient(rabbit, double, { timeoutMs: 150_000 })
  const answers = await Promise.all(Array.from({ length: CALLS }, (_, n) => client.call({ n })))
  expect(answers).toEqual(Array.from({ length: CALLS }, (_, n) => ({ doubled: 2 * n })))
  const idle = { name: 'double', ready: true, attached: true, inFlight: 0 }
  await eventually(() =>
    expect(rabbit.health().roles).toMatchObject([
      { ...idle, role: 'rpc-server' },
      { ...idle, role: 'rpc-client', late: 0, unknown: 0 },
    ]),
  )
  await eventually(async () => expect(await vhost.queue('double')).toMatchObject({ messages: 0, consumers: 1 }))
  // One consumes, one answers, and one calls.
  await eventually(async () => expect(await vhost.channels()).toHaveLength(3))
}, 180_000)
