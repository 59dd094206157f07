import { describe, expect } from 'vitest'
import { z } from 'zod'
import { type Side, test } from './versions.js'

const squareOf = ({ leveret }: Side) =>
  leveret.procedure('square', {
    request: z.object({ n: z.number().max(100) }),
    response: z.number(),
    errors: { negative: z.object({ n: z.number() }) },
  })

/** The same to a client that lets everything through. */
const laxOf = ({ leveret }: Side) =>
  leveret.procedure('square', { request: z.object({ n: z.number() }), response: z.number() })

async function serve(side: Side): Promise<void> {
  const { RpcServer, ProcedureError } = side.leveret
  const square = squareOf(side)
  await new RpcServer(side.rabbit, square, ({ n }) => {
    if (n < 0) throw new ProcedureError(square, 'negative', { n })
    if (n === 13) throw new Error('a secret')
    return n * n
  }).start()
}

describe.for([
  ['the last release', 'HEAD'],
  ['HEAD', 'the last release'],
] as const)('a client of %s, a server of %s', ([from]) => {
  const sidesOf = (before: Side, now: Side): [client: Side, server: Side] =>
    from === 'HEAD' ? [now, before] : [before, now]

  test('a call has its response', async ({ before, now }) => {
    const [client, server] = sidesOf(before, now)
    await serve(server)
    expect(await new client.leveret.RpcClient(client.rabbit, squareOf(client)).call({ n: 12 })).toBe(144)
  })

  test('a declared error comes with its code and data', async ({ before, now }) => {
    const [client, server] = sidesOf(before, now)
    await serve(server)
    const calling = new client.leveret.RpcClient(client.rabbit, squareOf(client)).call({ n: -1 })
    await expect(calling).rejects.toMatchObject({ name: 'ProcedureError', code: 'negative', data: { n: -1 } })
  })

  test('a handler that fails, and a request that does not fit, are what they are', async ({ before, now }) => {
    const [client, server] = sidesOf(before, now)
    await serve(server)
    const rpc = new client.leveret.RpcClient(client.rabbit, laxOf(client))
    await expect(rpc.call({ n: 13 })).rejects.toMatchObject({ name: 'RpcRemoteError', reason: 'failed' })
    await expect(rpc.call({ n: 101 })).rejects.toMatchObject({
      name: 'RpcRemoteError',
      reason: 'invalid-request',
      issues: [{ path: ['n'] }],
    })
  })
})
