import { promisify } from 'node:util'
import { runInNewContext } from 'node:vm'
import { gunzip, gzip } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { decodePayload, encodePayload } from '../../src/contract/payloads/payload.js'
import { bytes, type Codec, json, text, workQueue } from '../../src/index.js'

const payload = z.object({ n: z.int() })

/** What a contract with these codecs reads. */
async function read(
  codec: Codec | readonly [Codec, ...Codec[]],
  content: Uint8Array,
  properties: object,
): Promise<unknown> {
  return await decodePayload(workQueue('q', { payload, codec }), Buffer.from(content), properties)
}

const JSON_BYTES = Buffer.from('{"n":1}')

describe('JSON is read', () => {
  test.each([
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/vnd.acme.order+json',
    'application/cloudevents+json; charset=UTF-8',
    'text/json',
    'text/plain',
    'text/plain; charset=utf-8',
    '',
    undefined,
  ])('from content of the type %s', async (contentType) => {
    expect(await read(json, JSON_BYTES, { contentType })).toEqual({ n: 1 })
  })

  test.each(['application/octet-stream', 'application/xml', 'application/jsonx', 'application/+json', 'text/html'])(
    'not from %s, unless the codec accepts it',
    async (contentType) => {
      await expect(read(json, JSON_BYTES, { contentType })).rejects.toThrow(
        `expected the content type application/json, not ${contentType}: a codec's \`accepts\` lists others`,
      )
      expect(await read({ ...json, accepts: [contentType] }, JSON_BYTES, { contentType })).toEqual({ n: 1 })
      expect(await read({ ...json, accepts: ['*/*'] }, JSON_BYTES, { contentType })).toEqual({ n: 1 })
    },
  )
})

/** Compressed JSON, with what Node.js does asynchronously. */
const gzipped: Codec = {
  contentType: 'application/json',
  contentEncoding: 'gzip',
  encode: async (value) => await promisify(gzip)(json.encode(value)),
  decode: async (content) => json.decode(await promisify(gunzip)(content)),
}

const reversed: Codec = {
  contentType: 'application/x-reversed',
  encode: (value) => Uint8Array.from(json.encode(value)).reverse(),
  decode: (content) => json.decode(Buffer.from(Uint8Array.from(content).reverse())),
}

describe('several codecs of one contract', () => {
  const all = [reversed, gzipped, json] as const
  const contract = workQueue('q', { payload, codec: all })

  test('encode with the first', async () => {
    expect(contract.codec.contentType).toBe('application/x-reversed')
    expect(await encodePayload(contract, { n: 1 })).toEqual(Buffer.from('}1:"n"{'))
  })

  test('decode with the one whose content type and encoding a message has, the own types before those accepted', async () => {
    const gz = Buffer.from(await gzipped.encode({ n: 2 }))
    expect(await read(all, Buffer.from('}1:"n"{'), { contentType: 'application/x-reversed' })).toEqual({ n: 1 })
    expect(await read(all, JSON_BYTES, { contentType: 'application/json', contentEncoding: 'utf-8' })).toEqual({ n: 1 })
    expect(await read(all, gz, { contentType: 'application/json', contentEncoding: 'gzip' })).toEqual({ n: 2 })
    expect(await read(all, Buffer.from('}1:"n"{'), {})).toEqual({ n: 1 })
    await expect(read(all, JSON_BYTES, { contentType: 'application/xml' })).rejects.toThrow('application/xml')
    const either = workQueue('q', { payload: z.string(), codec: [json, text] })
    expect(await decodePayload(either, Buffer.from('1'), { contentType: 'text/plain' })).toBe('1')
  })

  test.each([[[]], [[json, 'text']], [{ ...json, accepts: [1] }], [{ ...json, contentEncoding: 1 }]])(
    'are refused when they are none: %o',
    (codec) => {
      expect(() => workQueue('q', { payload, codec: codec as never })).toThrow('expected a codec')
    },
  )
})

describe('a codec', () => {
  test('may be asynchronous both ways', async () => {
    const contract = workQueue('q', { payload, codec: gzipped })
    const content = await encodePayload(contract, { n: 3 })
    const properties = { contentType: 'application/json', contentEncoding: 'gzip' }
    expect(await decodePayload(contract, content, properties)).toEqual({ n: 3 })
    await expect((async () => await decodePayload(contract, JSON_BYTES, {}))()).rejects.toThrow('encoding')
    await expect((async () => await decodePayload(contract, JSON_BYTES, properties))()).rejects.toMatchObject({
      name: 'PayloadError',
      issues: [{ message: 'is not valid application/json' }],
    })
  })

  test('may give any Uint8Array, of another realm too', async () => {
    const big = 64 * 1024
    const give = (encode: () => Uint8Array): Codec => ({ contentType: 'a/b', encode, decode: () => ({ n: 1 }) })
    const shared = new Uint8Array(new SharedArrayBuffer(big))
    const foreign = runInNewContext(`new Uint8Array(${big})`) as Uint8Array
    for (const given of [new Uint8Array(big), new Uint8Array(big + 8).subarray(4, big + 4), shared, foreign]) {
      const content = await encodePayload(workQueue('q', { payload, codec: give(() => given) }), { n: 1 })
      expect([Buffer.isBuffer(content), content.length]).toEqual([true, big])
    }
    expect(bytes.encode(foreign).length).toBe(big)
  })
})
