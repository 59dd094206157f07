import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { CHECKS } from '../src/doctor/checks.js'
import { createProgram } from '../src/program/program.js'
import { Terminal } from '../src/terminal/terminal.js'
import { runHere } from './program.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const pages = [...readdirSync(`${root}/docs`).map((name) => `docs/${name}`), 'packages/cli/README.md'].filter((path) =>
  path.endsWith('.md'),
)

/** The commands in the text of a page: in blocks of a shell, and in sentences. */
function commandsIn(text: string): string[] {
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block).join('\n')
  const lines = [...blocks.matchAll(/^(?:npx )?leveret .*$/gm)].map(([line]) =>
    line.replace(/^npx /, '').replace(/ +#.*$/, ''),
  )
  const sentences = [
    ...text.matchAll(
      /`((?:npx )?leveret (?:doctor|list|letters|tail|send|publish|call|topology|contracts|policy|broker)\b[^`]*)`/g,
    ),
  ]
  const all = [...lines, ...sentences.map(([, command = '']) => command.replace(/^npx /, ''))]
  return all.filter((command) => !/…|<\w+>/.test(command))
}

test('every command that the pages name is one, with options that it has', async () => {
  const commands = pages.flatMap((path) => commandsIn(readFileSync(`${root}/${path}`, 'utf8')))
  expect(commands.length).toBeGreaterThan(40)
  const { stdin, stdout, stderr } = process
  const quiet = new Terminal({ stdin, stdout, stderr, env: {} })
  for (const command of commands) {
    const words = [...command.replace(/ > [\w.]+$/, '').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
      ([, one, other, plain]) => one ?? other ?? plain ?? '',
    )
    let ran = false
    const program = await createProgram(quiet, async () => {
      ran = true
    })
    // What has only subcommands shows its help.
    const isGroup = /^leveret (letters|topology|contracts)$/.test(command)
    if (!isGroup && !words.includes('--help')) await program.parseAsync(words.slice(1), { from: 'user' })
    expect({ command, ran }).toEqual({ command, ran: !isGroup && !words.includes('--help') })
  }
})

test("the picture in the demo's page is what its contracts say", async () => {
  const { stdout } = await runHere(['contracts', 'picture'], { folder: `${root}/packages/demo` })
  expect(readFileSync(`${root}/packages/demo/README.md`, 'utf8')).toContain(`\`\`\`mermaid\n${stdout.trim()}\n\`\`\``)
})

test('the page says how many things the doctor asks', () => {
  expect(readFileSync(`${root}/docs/cli.md`, 'utf8')).toContain(`Runs ${CHECKS.length} checks`)
})
