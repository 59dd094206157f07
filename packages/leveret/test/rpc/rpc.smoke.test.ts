import { describe, expect } from 'vitest'
import { z } from 'zod'
import { isErrorOf, ProcedureError, procedure, RpcClient, RpcRemoteError, RpcServer, text } from '../../src/index.js'
import { double, nextEvent } from '../support/rpc.js'
import { eventually, test } from '../support/support.js'

const SECRET = 'password=hunter2'

describe('a call', () => {
  test('is answered with what the handler returns, both as their schemas give them', async ({ rabbit }) => {
    const upper = procedure('upper', {
      request: z.string().transform((given) => given.trim()),
      response: z.string().transform((given) => `${given}!`),
      codec: text,
    })
    await new RpcServer(rabbit, upper, (given) => given.toUpperCase()).start()
    expect(await new RpcClient(rabbit, upper).call(' hello ')).toBe('HELLO!')
  })

  test('gives the handler its id, headers and deadline, which is not later than the client waits', async ({
    rabbit,
  }) => {
    const seen: unknown[] = []
    const server = new RpcServer(rabbit, double, ({ n }, { messageId, headers, deadline, attempt }) => {
      seen.push(messageId, headers, attempt, deadline.getTime() - Date.now())
      return { doubled: 2 * n }
    })
    await server.start()
    const client = new RpcClient(rabbit, double)
    await client.call({ n: 1 }, { messageId: 'm1', headers: { tenant: 'acme' }, timeoutMs: 5_000 })
    expect(seen.slice(0, 3)).toMatchObject(['m1', { tenant: 'acme' }, 1])
    expect(seen[3]).toBeLessThanOrEqual(5_000)
    expect(seen[3]).toBeGreaterThan(1_000)
  })

  test('of a declared error rejects with its code and typed data', async ({ rabbit }) => {
    const server = new RpcServer(rabbit, double, () => {
      throw new ProcedureError(double, 'TooBig', { limit: 100 }, { message: SECRET })
    })
    const answered = nextEvent(server, 'request.answered')
    await server.start()
    const error = await new RpcClient(rabbit, double).call({ n: 101 }).catch((caught: unknown) => caught)
    if (!isErrorOf(double, error)) throw error
    expect(error.data.limit).toBe(100)
    expect(error).toMatchObject({ name: 'ProcedureError', code: 'TooBig', procedure: 'double', retryable: false })
    expect(error).toBeInstanceOf(ProcedureError)
    expect(JSON.stringify([error.message, error.stack])).not.toContain(SECRET)
    expect(await answered).toMatchObject({ code: 'TooBig' })
  })

  test('of anything else that is thrown rejects without its text, and the server reports it', async ({ rabbit }) => {
    const server = new RpcServer(rabbit, double, () => {
      throw new Error(SECRET)
    })
    const failed = nextEvent(server, 'request.failed')
    await server.start()
    const error = await new RpcClient(rabbit, double).call({ n: 1 }).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(RpcRemoteError)
    expect(error).toMatchObject({ name: 'RpcRemoteError', reason: 'failed', retryable: true, issues: [] })
    expect(
      Object.values(Object.getOwnPropertyDescriptors(error))
        .map(({ value }) => String(value))
        .join(),
    ).not.toContain(SECRET)
    expect(await failed).toMatchObject({ reason: 'failed', failure: { name: 'Error', message: SECRET } })
  })

  test('whose handler lets the declared error of another procedure through has failed', async ({ rabbit }) => {
    const other = procedure('other', { request: z.null(), response: z.null(), errors: double.errors })
    const server = new RpcServer(rabbit, double, () => {
      throw new ProcedureError(other, 'TooBig', { limit: 1 })
    })
    await server.start()
    await expect(new RpcClient(rabbit, double).call({ n: 1 })).rejects.toMatchObject({ reason: 'failed' })
  })

  test('whose request the server refuses rejects with where and why, and reaches no handler', async ({ rabbit }) => {
    const wider = procedure('double', { request: z.object({ n: z.unknown() }), response: z.null() })
    let calls = 0
    const server = new RpcServer(rabbit, double, ({ n }) => {
      calls += 1
      return { doubled: 2 * n }
    })
    const failed = nextEvent(server, 'request.failed')
    await server.start()
    await expect(new RpcClient(rabbit, wider).call({ n: SECRET })).rejects.toMatchObject({
      name: 'RpcRemoteError',
      reason: 'invalid-request',
      retryable: false,
      message: expect.stringMatching(/^The server of 'double' refused the request: at n: .*expected number/),
      issues: [{ path: ['n'], message: expect.not.stringContaining(SECRET) }],
    })
    expect(await failed).toMatchObject({ reason: 'invalid-request', failure: { name: 'PayloadError' } })
    expect(calls).toBe(0)
  })

  test('with a request that does not fit is not sent', async ({ rabbit }) => {
    // @ts-expect-error the compiler knows the request
    await expect(new RpcClient(rabbit, double).call({ n: 'one' })).rejects.toMatchObject({
      name: 'PayloadError',
      direction: 'outgoing',
    })
  })

  test('with a response that does not fit what the client expects rejects with where', async ({ rabbit }) => {
    const older = procedure('double', { request: double.requests.payload, response: z.object({ doubled: z.string() }) })
    await new RpcServer(rabbit, double, ({ n }) => ({ doubled: 2 * n })).start()
    await expect(new RpcClient(rabbit, older).call({ n: 1 })).rejects.toMatchObject({
      name: 'PayloadError',
      direction: 'incoming',
      contract: 'double',
      issues: [{ path: ['doubled'] }],
    })
  })

  test('with a response, or the data of an error, that does not fit the procedure is reported as such', async ({
    rabbit,
  }) => {
    // @ts-expect-error the compiler knows the response
    const server = new RpcServer(rabbit, double, ({ n }) => {
      // @ts-expect-error the compiler knows the data
      if (n === 0) throw new ProcedureError(double, 'TooBig', { limit: 'none' })
      return { doubled: 'two' }
    })
    const failures: string[] = []
    server.on('request.failed', ({ failure }) => failures.push(failure.message))
    await server.start()
    const client = new RpcClient(rabbit, double)
    await expect(client.call({ n: 1 })).rejects.toMatchObject({ reason: 'invalid-response' })
    await expect(client.call({ n: 0 })).rejects.toMatchObject({ reason: 'invalid-response' })
    await eventually(() => expect(failures).toHaveLength(2))
    expect(failures[0]).toContain("was not sent to 'double': at doubled")
    expect(failures[1]).toContain("was not sent to 'double (TooBig)': at limit")
  })

  test('whose answer is too large is answered so', async ({ connectTo }) => {
    const rabbit = await connectTo({ maxMessageBytes: 2_000 })
    const repeat = procedure('repeat', { request: z.int(), response: z.string() })
    const server = new RpcServer(rabbit, repeat, (times) => 'x'.repeat(times))
    await server.start()
    const client = new RpcClient(rabbit, repeat)
    await expect(client.call(3_000)).rejects.toMatchObject({ name: 'RpcRemoteError', reason: 'too-large' })
    expect(await client.call(3)).toBe('xxx')
  })

  test('with a request that is too large is not sent', async ({ connectTo }) => {
    const rabbit = await connectTo({ maxMessageBytes: 2_000 })
    const measure = procedure('measure', { request: z.string(), response: z.int() })
    await expect(new RpcClient(rabbit, measure).call('x'.repeat(3_000))).rejects.toMatchObject({
      name: 'PublishError',
      outcome: 'not-sent',
      retryable: false,
    })
  })
})

test('a procedure whose description contradicts itself is refused', () => {
  const schema = z.string()
  // @ts-expect-error the compiler says so too
  expect(() => procedure('p', { request: schema, response: schema, queue: { durable: false } })).toThrow(
    /^procedure\('p'\): queue.durable: a quorum queue is always durable/,
  )
  expect(() => procedure('', { request: schema, response: schema })).toThrow(/^procedure\(''\): /)
  expect(() => procedure('p', { request: schema, response: schema, errors: { 'Not Found': schema } })).toThrow(
    /^procedure\('p'\): errors.Not Found: /,
  )
  // @ts-expect-error a response is needed
  expect(() => procedure('p', { request: schema })).toThrow(/^procedure\('p'\): response: expected a schema/)
  // @ts-expect-error there is no such option
  expect(() => procedure('p', { request: schema, response: schema, colour: 'red' })).toThrow(/no option colour/)
})
