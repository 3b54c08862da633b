/* Loaded before the server: its clock starts at the time of the sandbox, on whatever day the evals run. */
const RealDate = Date;
const behind = RealDate.now() - RealDate.parse(process.env.EVALS_TIME);

class SandboxDate extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [RealDate.now() - behind] : args));
  }

  static now() {
    return RealDate.now() - behind;
  }
}

globalThis.Date = SandboxDate;
