import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { bytes, json, text } from '../../src/contract/payloads/codec.js'
import { decodePayload, encodePayload } from '../../src/contract/payloads/payload.js'
import { PayloadError } from '../../src/errors/payload-error.js'

const order = {
  name: 'orders',
  codec: json,
  payload: z.object({ id: z.int(), at: z.string().transform((at) => new Date(at)) }),
}

test('the checked input goes on the wire, and the transform runs at the receiver', async () => {
  const content = await encodePayload(order, { id: 1, at: '2026-01-01T00:00:00Z' })
  expect(JSON.parse(content.toString())).toEqual({ id: 1, at: '2026-01-01T00:00:00Z' })
  expect(await decodePayload(order, content, {})).toEqual({ id: 1, at: new Date('2026-01-01T00:00:00Z') })
})

test('a schema may take its time', async () => {
  const slow = { name: 'slow', codec: text, payload: z.string().refine(async (value) => value === 'yes') }
  await expect(encodePayload(slow, 'yes')).resolves.toEqual(Buffer.from('yes'))
  await expect(encodePayload(slow, 'no')).rejects.toBeInstanceOf(PayloadError)
})

test('a refused payload is named by path and message, and its values stay out of the error', () => {
  const secret = { id: 'my-secret', at: 1 } as unknown as { id: number; at: string }
  expect(() => encodePayload(order, secret)).toThrow(PayloadError)
  try {
    encodePayload(order, secret)
  } catch (error) {
    expect(error).toMatchObject({
      direction: 'outgoing',
      contract: 'orders',
      issues: [{ path: ['id'] }, { path: ['at'] }],
    })
    expect(String(error)).not.toContain('my-secret')
  }
})

describe('an incoming content is refused', () => {
  test.each([
    ['when it is not JSON', Buffer.from('{"a":'), {}],
    ['when it is not UTF-8', Buffer.from([0xff, 0xfe]), {}],
    ['when it is another type', Buffer.from('{}'), { contentType: 'text/plain' }],
    ['when it is compressed', Buffer.from('{}'), { contentEncoding: 'gzip' }],
    ['when it is of another shape', Buffer.from('[]'), { contentType: 'application/json' }],
  ])('%s', async (_name, content, properties) => {
    await expect((async () => await decodePayload(order, content, properties))()).rejects.toMatchObject({
      name: 'PayloadError',
      direction: 'incoming',
    })
  })

  test('but not for a charset, an upper-case letter or no type at all', async () => {
    const content = Buffer.from('{"id":1,"at":"2026-01-01"}')
    for (const contentType of [undefined, '', 'application/json; charset=utf-8', 'Application/JSON']) {
      await expect(
        (async () => await decodePayload(order, content, { contentType, contentEncoding: 'utf-8' }))(),
      ).resolves.toBeDefined()
    }
  })
})

test('prototypes cannot be polluted through JSON', async () => {
  const open = { name: 'open', codec: json, payload: z.looseObject({}) }
  await decodePayload(open, Buffer.from('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}'), {})
  expect(({} as { admin?: boolean }).admin).toBeUndefined()
})

test.each([
  [json, { a: [1, 'é', null] }],
  [json, undefined],
  [text, 'é日'],
  [bytes, Buffer.from([0, 255])],
])('what a codec encodes it decodes', (codec, value) => {
  expect(codec.decode(codec.encode(value))).toEqual(value)
})

test.each([
  [json, () => undefined],
  [text, 1],
  [bytes, 'text'],
])('what a codec cannot encode it refuses', (codec, value) => {
  expect(() => codec.encode(value)).toThrow()
})
