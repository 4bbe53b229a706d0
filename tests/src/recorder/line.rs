//! Connections that can be cut: a server of HTTP can only answer, but a network can also fall silent.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

/// What has become of a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Fate {
    #[default]
    Intact,
    /// Nothing is written any more: the server's next attempt fails, and it closes the connection.
    Cut,
    /// The server takes it for closed by the caller, and closes it.
    Closed,
    /// What the caller sends arrives nowhere, and nobody tells the caller.
    Silent,
}

#[derive(Debug, Default)]
struct State {
    fate: Fate,
    reader: Option<Waker>,
}

/// A handle on one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Line(Arc<Mutex<State>>);

impl Line {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no thread panics while it holds a line's state")
    }

    fn meet(&self, fate: Fate) {
        let mut state = self.lock();
        state.fate = fate;
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
    }

    /// From now on nothing is written: the server's next attempt fails, and it closes the connection.
    pub(super) fn cut(&self) {
        self.lock().fate = Fate::Cut;
    }

    /// The server hangs up.
    pub(super) fn close(&self) {
        self.meet(Fate::Closed);
    }

    /// From now on nothing that the caller sends arrives.
    pub(super) fn silence(&self) {
        self.meet(Fate::Silent);
    }

    fn intact(&self) -> io::Result<()> {
        if self.lock().fate == Fate::Cut { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }
}

/// All connections that there ever were.
pub(super) type Register = Arc<Mutex<Vec<Line>>>;

/// Accepts connections, each with its [`Line`].
#[derive(Debug)]
pub(super) struct Lines(pub(super) TcpListener, pub(super) Register);

impl Listener for Lines {
    type Io = Wire;
    type Addr = Line;

    async fn accept(&mut self) -> (Wire, Line) {
        let (stream, _) = Listener::accept(&mut self.0).await;
        drop(stream.set_nodelay(true));
        let line = Line::default();
        self.1.lock().expect("no thread panics while it holds the register").push(line.clone());
        (Wire { stream, line: line.clone() }, line)
    }

    fn local_addr(&self) -> io::Result<Line> {
        Ok(Line::default())
    }
}

impl Connected<IncomingStream<'_, Lines>> for Line {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.remote_addr().clone()
    }
}

/// One connection's bytes.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    line: Line,
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let fate = {
            let mut state = self.line.lock();
            state.reader = Some(context.waker().clone());
            state.fate
        };
        match fate {
            Fate::Intact | Fate::Cut => Pin::new(&mut self.stream).poll_read(context, to),
            Fate::Closed => Poll::Ready(Ok(())),
            Fate::Silent => Poll::Pending,
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.line.intact()?;
        Pin::new(&mut self.stream).poll_write(context, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
