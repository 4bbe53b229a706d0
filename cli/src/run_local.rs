//! `coffer local`

use std::{
    env,
    io::{self, Write as _},
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    pin::pin,
};

use clap::Args;
use coffer::{
    local::{Options, Stack, announcement, chain},
    template,
};
use tokio::runtime;

/// How to run the local stack.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The port to listen on; 0 for any that is free
    #[arg(long, default_value_t = 9000)]
    port: u16,
    /// The address to listen on
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Keep everything in memory, and forget it in the end
    #[arg(long, conflicts_with = "data_dir")]
    ephemeral: bool,
    /// Let webhooks go to this machine and over plain HTTP, to try a receiver out
    #[arg(long)]
    allow_local_webhooks: bool,
    /// Give every request a sandbox of its own, that nothing has warmed, as Lambda does when many come at once
    #[arg(long)]
    cold: bool,
    #[command(flatten)]
    place: Where,
}

/// Which stack: its data and its template.
#[derive(Debug, Args)]
pub(crate) struct Where {
    /// Where the data live
    #[arg(long, value_name = "DIRECTORY", default_value = ".coffer")]
    data_dir: PathBuf,
    /// The template to run [default: template.yaml here or in the nearest directory above]
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// A value for a parameter of the template, in place of its default; can be given many times
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').ok_or("must be NAME=VALUE")?;
    Ok((pair.0.to_owned(), pair.1.to_owned()))
}

/// Runs the stack until Ctrl-C or SIGTERM. An error is one sentence.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    shared::runtime::init_tracing_where(is_ours);
    let mut options = arguments.place.options()?;
    options.host = arguments.host;
    options.port = arguments.port;
    options.allow_local_webhooks = arguments.allow_local_webhooks;
    options.cold = arguments.cold;
    if arguments.ephemeral {
        options.data_dir = None;
    }
    block_on(async {
        let mut stop =
            pin!(stop_signal().map_err(|error| format!("signals cannot be received: {error}"))?);
        let data_dir = options.data_dir.clone();
        let stack = tokio::select! {
            started = Stack::start(options) => started.map_err(|error| chain(&error))?,
            () = &mut stop => return Ok(()),
        };
        say(&announcement(&stack, data_dir.as_deref()));
        stop.await;
        stack.shutdown().await;
        Ok(())
    })?
}

/// What the embedded servers log is what they answer: a condition that does not hold is no warning.
fn is_ours(event: &tracing::Metadata<'_>) -> bool {
    let theirs =
        event.target().starts_with("dynoxide") || event.target().starts_with("winterbaume");
    !theirs || *event.level() == tracing::Level::ERROR
}

/// Runs `work` on as many threads as there are.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let runtime = runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no threads to run on: {error}"))?;
    Ok(runtime.block_on(work))
}

impl Where {
    /// A stack over these data.
    pub(crate) const fn of(data_dir: PathBuf, template: Option<PathBuf>) -> Self {
        Self { data_dir, template, parameters: Vec::new() }
    }

    /// A stack over these data, on a free port of this machine.
    pub(crate) fn options(&self) -> Result<Options, String> {
        let template = self.template.clone().map_or_else(find_template, Ok)?;
        #[expect(clippy::disallowed_methods, reason = "the local stack's own configuration")]
        let endpoint = |name: &str| env::var_os(name).and_then(|url| url.into_string().ok());
        Ok(Options {
            data_dir: Some(self.data_dir.clone()),
            parameters: self.parameters.iter().cloned().collect(),
            dynamodb_endpoint: endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
            kms_endpoint: endpoint("AWS_ENDPOINT_URL_KMS"),
            sqs_endpoint: endpoint("AWS_ENDPOINT_URL_SQS"),
            ..Options::ephemeral(template)
        })
    }
}

fn find_template() -> Result<PathBuf, String> {
    let here =
        env::current_dir().map_err(|error| format!("this directory cannot be read: {error}"))?;
    template::find(&here).ok_or_else(|| {
        format!(
            "there is no {} here or in a directory above: name one with --template",
            template::FILE_NAME
        )
    })
}

/// Resolves when the process is told to stop.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves when the process is told to stop.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

/// A closed pipe is no reason to stop serving.
pub(crate) fn say(text: &str) {
    let mut out = io::stdout().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}
