import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { SHOP } from './program.js'

const bin = fileURLToPath(new URL('../../leveret/bin/leveret.js', import.meta.url))
const run = promisify(execFile)

test('the program of leveret itself runs the command line where that is installed', async () => {
  const { stdout } = await run(process.execPath, [bin, 'contracts', 'picture'], { cwd: SHOP })
  expect(stdout).toMatch(/^flowchart LR/)
})

test('and says how to install it where it is not', async () => {
  const refusal = await run(process.execPath, [bin, 'doctor'], { cwd: '/', env: { PATH: process.env.PATH } }).catch(
    (error: unknown) => error,
  )
  expect(refusal).toMatchObject({ code: 1, stderr: expect.stringContaining('npm install --save-dev @leveret/cli') })
})
