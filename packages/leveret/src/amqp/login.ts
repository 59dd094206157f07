/** How to be known to the broker. The password is out of reach of printing, inspecting and JSON. */
export class Login {
  /** SASL mechanism. @see https://www.rabbitmq.com/docs/access-control#mechanisms */
  readonly mechanism: 'PLAIN' | 'EXTERNAL'
  /** Empty with `EXTERNAL`: the client's certificate names the user. */
  readonly username: string
  readonly #password: string

  private constructor(mechanism: Login['mechanism'], username: string, password: string) {
    this.mechanism = mechanism
    this.username = username
    this.#password = password
  }

  static plain(username: string, password: string): Login {
    return new Login('PLAIN', username, password)
  }

  static external(): Login {
    return new Login('EXTERNAL', '', '')
  }

  /** What the mechanism answers the broker. Holds the password: for the handshake only. */
  response(): Buffer {
    return Buffer.from(this.mechanism === 'PLAIN' ? `\0${this.username}\0${this.#password}` : '')
  }

  /** The password alone: for `connection.update-secret` only. */
  secret(): Buffer {
    return Buffer.from(this.#password)
  }
}
