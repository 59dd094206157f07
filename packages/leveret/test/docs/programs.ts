import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect } from 'vitest'
import { test } from '../support/support.js'
import { type Compiled, compileBlocks, runBlock } from './compiled.js'
import { type Block, repository } from './documents.js'

/** Holds that blocks of TypeScript compile, run, and stand where they say that they stand. */
export function holdBlocks(blocks: readonly Block[]): void {
  const compiled = blocks.filter(({ kind }) => kind !== 'excerpt')
  const made = new Map<string, Compiled>()
  beforeAll(async () => {
    for (const [index, each] of (await compileBlocks(compiled)).entries()) made.set(compiled[index]?.where ?? '', each)
  })

  describe('compiles', () => {
    test.for(compiled.map(({ where }) => where))('%s', (where) => {
      expect(made.get(where)?.errors).toEqual([])
    })
  })

  describe('runs, and prints what its document says', () => {
    test.for(blocks.filter(({ kind }) => kind === 'program').map((block) => [block.where, block] as const))(
      '%s',
      async ([where, block], { vhost }) => await runBlock(block, made.get(where)?.path ?? '', vhost.url),
    )
  })

  const excerpts = blocks.filter(({ kind }) => kind === 'excerpt')
  describe.skipIf(excerpts.length === 0)('stands in the file that it names', () => {
    test.for(excerpts.map((block) => [block.where, block] as const))('%s', ([, { code, file }]) => {
      expect(undented(readFileSync(join(repository, file), 'utf8'))).toContain(undented(code))
    })
  })
}

/** Without the spaces before each line: what stands within a function stands alone in a document. */
function undented(code: string): string {
  return code.replaceAll(/^ +/gm, '')
}
