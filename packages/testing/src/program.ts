import { execFile } from 'node:child_process'

/**
 * Runs a program to its end.
 *
 * @param env - the whole environment. @defaultValue that of this process
 * @returns its standard output
 * @throws Error with its exit code and all its output
 */
export function runProgram(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, [...args], { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout)
      reject(
        new Error(`${file} ${args.join(' ')} failed (${error.code ?? error.signal})\n${stdout}${stderr}`.trimEnd(), {
          cause: error,
        }),
      )
    })
  })
}
