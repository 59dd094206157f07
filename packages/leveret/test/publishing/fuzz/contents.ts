import type { Random } from '../../support/random.js'

/** What a worker of `{ n: integer }` may get, sound or not. */
export function randomContent(random: Random): Buffer {
  const sound = Buffer.from(`{"n":${random.below(1_000)}}`)
  return random.pick<() => Buffer>([
    () => sound,
    () => sound,
    () => sound,
    () => mutated(random, sound),
    () => mutated(random, Buffer.from(randomJson(random, 0))),
    () => Buffer.from(randomJson(random, 0)),
    () => Buffer.from(random.pick(SINGULAR)),
    () => random.bytes(random.below(64)),
    () => sound.subarray(0, random.below(sound.length)),
    () => Buffer.from(randomJson(random, 0), 'utf16le'),
    () => deep(random),
  ])()
}

const SINGULAR = [
  '',
  ' ',
  'null',
  'NaN',
  '-0',
  '1e999',
  '{"n":1e308}',
  '{"n":9007199254740993}',
  `{"n":${'9'.repeat(2_000)}}`,
  '{"n":1,"__proto__":{"polluted":true}}',
  '{"__proto__":{"n":1}}',
  '{"n":1,"constructor":{"prototype":{"polluted":true}}}',
  '{"n":1,"toString":1,"then":1,"valueOf":null}',
  '{"n":{"$ref":"#"}}',
  '{"n":1,"n":"two"}',
  '\ufeff{"n":1}',
  '{"n":1}\u0000',
  '"\\ud800"',
  '{"n":1}{"n":2}',
  '/* */{"n":1}',
] as const

/** As JSON.parse takes it, so far, and then some. */
function randomJson(random: Random, depth: number): string {
  const inner = (): string => (depth > 4 ? '0' : randomJson(random, depth + 1))
  const some = (): string[] => Array.from({ length: random.below(4) }, inner)
  return random.pick<() => string>([
    () => String(random.below(2 ** 31) - 2 ** 30),
    () => String((random.next() - 0.5) * 10 ** (random.below(600) - 300)),
    () => random.pick(['true', 'false', 'null']),
    () => JSON.stringify(random.text(random.below(20))),
    () => `[${some().join(',')}]`,
    () => `{${some().map((value) => `${JSON.stringify(random.pick(NAMES))}:${value}`)}}`,
  ])()
}

const NAMES = ['n', '__proto__', 'constructor', 'prototype', 'toJSON', 'then', '', 'length', '0']

/** One byte or a few: other, more, or fewer. */
function mutated(random: Random, content: Buffer): Buffer {
  let bytes = Buffer.from(content)
  for (let edits = 1 + random.below(3); edits > 0; edits -= 1) {
    const at = random.below(bytes.length + 1)
    const edit = random.below(3)
    const before = bytes.subarray(0, at)
    if (edit === 0) bytes = Buffer.concat([before, random.bytes(1), bytes.subarray(at)])
    else if (edit === 1) bytes = Buffer.concat([before, bytes.subarray(at + 1)])
    else bytes = Buffer.concat([before, random.bytes(1), bytes.subarray(at + 1)])
  }
  return bytes
}

/** One in many, because they are large. */
function deep(random: Random): Buffer {
  const depth = random.chance(0.02) ? 200_000 : random.below(500)
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"n":', '}'],
  ] as const)
  return Buffer.from(random.chance(0.5) ? `${open.repeat(depth)}1${close.repeat(depth)}` : open.repeat(depth))
}
