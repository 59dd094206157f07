import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds the whole repository. */
export const repository: string = fileURLToPath(new URL('../../../..', import.meta.url))

/**
 * A block of TypeScript in a document.
 *
 * - `program` (a fence of `ts`) is whole: it is compiled and run
 * - `fragment` (`ts fragment`) is compiled, behind the imports and contracts that its page takes for granted
 * - `excerpt` (a fence that names a file, such as `ts examples/01-hello/send.ts`) stands in that file, word for word
 */
export interface Block {
  readonly kind: 'program' | 'fragment' | 'excerpt'
  /** Where it stands: the document and the line. */
  readonly where: string
  readonly code: string
  /** Of an excerpt: the file that it is from. */
  readonly file: string
  /** What it prints, if a fence of `text` follows. `…` stands for anything; alone on a line for any lines. */
  readonly prints: Prints | undefined
}

/** The lines that a program prints; a fence of `text in any order` says that each may come first. */
export interface Prints {
  readonly text: string
  readonly isOrdered: boolean
}

/** All documents of the repository, by their paths from its root. */
export function documents(): string[] {
  return listed('*.md')
}

/** The files of the repository that match, also those that are new. */
function listed(pattern: string): string[] {
  const options = ['--cached', '--others', '--exclude-standard']
  const files = execFileSync('git', ['ls-files', ...options, pattern], { cwd: repository, encoding: 'utf8' })
  return files.split('\n').filter((file) => file !== '' && existsSync(join(repository, file)))
}

/** The text of a document. */
export function textOf(document: string): string {
  return readFileSync(join(repository, document), 'utf8')
}

/** The blocks of TypeScript, and the excerpts in any language, of a text. @param where - its name, for the errors */
export function blocksOf(text: string, where: string): Block[] {
  const fences = [...text.matchAll(/^```(\w+)(?: ([^\n]+))?\n(.*?)^```$/gms)]
  return fences.flatMap((fence, index): Block[] => {
    const [, language, about = '', code = ''] = fence
    const isFile = about.includes('/')
    if (!isFile && language !== 'ts') return []
    const line = text.slice(0, fence.index).split('\n').length
    const kind = isFile ? 'excerpt' : about === 'fragment' ? 'fragment' : 'program'
    const prints = printedBy(text, fence, fences[index + 1]) ?? commented(code)
    return [{ kind, where: `${where}:${line}`, code, file: about, prints }]
  })
}

/** The programs in the doc comments of the source, by the name of what they are examples of. */
export function examples(): Map<string, Block> {
  return new Map(listed('packages/leveret/src/*.ts').flatMap((file) => examplesOf(textOf(file), file)))
}

function examplesOf(text: string, file: string): [string, Block][] {
  const comments = [
    ...text.matchAll(/^\/\*\*\n(?: \*[^\n]*\n)*? \* @example\n((?: \*[^\n]*\n)*?) \*\/\nexport (?:async )?\w+ (\w+)/gm),
  ]
  return comments.flatMap((comment) => {
    const [, example = '', name = ''] = comment
    const blocks = blocksOf(example.replaceAll(/^ \* ?/gm, ''), `${file}:${name}`)
    return blocks.map((block): [string, Block] => [name, block])
  })
}

/** What a program prints by its own comments: `console.log(42) // prints: 42`. */
function commented(code: string): Prints | undefined {
  const lines = [...code.matchAll(/\/\/ prints: (.+)$/gm)].map(([, line]) => line)
  return lines.length === 0 ? undefined : { text: lines.join('\n'), isOrdered: true }
}

/** The text of the fence behind another one, where nothing stands between but "It prints:". */
function printedBy(text: string, fence: RegExpExecArray, next: RegExpExecArray | undefined): Prints | undefined {
  const [, language, about, printed = ''] = next ?? []
  if (next === undefined || language !== 'text') return undefined
  const between = text.slice(fence.index + fence[0].length, next.index)
  if (!['', 'It prints:'].includes(between.trim())) return undefined
  return { text: printed, isOrdered: about !== 'in any order' }
}

/** What a program must print, as an expression. */
export function pattern({ text, isOrdered }: Prints): RegExp {
  const lines = text.trimEnd().split('\n')
  const each = lines.map((line) => (line === '…' ? '(?:.*\\n)*?' : `${escaped(line).replaceAll('…', '.*')}\\n`))
  if (isOrdered) return new RegExp(`^${each.join('')}`, 'm')
  return new RegExp(`^${each.map((line) => `(?=(?:.*\\n)*?${line})`).join('')}`)
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
