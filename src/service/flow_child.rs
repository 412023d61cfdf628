//! Flows as children: one that is run anew by its factory, and one that was run once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_rt::ArbiterHandle;

use super::child::{Child, Reins};
use super::life::Post;
use crate::context::{Cause, FlowContext, discard_payload, panic_text};
use crate::flow::Blueprint;
use crate::pipeline::{Control, StartError};
use crate::supervise::{Level, run_on};

/// The flow that runs, and what it was told.
#[derive(Default)]
struct Current {
    control: Option<Control>,
    told: Option<(Level, Cause)>,
}

#[derive(Default)]
struct FlowReins(Mutex<Current>);

impl FlowReins {
    /// Poisoning means nothing here: no code of a user runs under this lock.
    fn lock(&self) -> MutexGuard<'_, Current> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The flow runs now; what was told before reaches it.
    fn set(&self, control: &Control) {
        let mut current = self.lock();
        current.control = Some(control.clone());
        let told = current.told.take();
        drop(current);
        if let Some((level, cause)) = told {
            control.flow().raise(level, cause);
        }
    }

    fn reset(&self) {
        *self.lock() = Current::default();
    }
}

impl Reins for FlowReins {
    fn stop(&self, level: Level, cause: &Cause, _again: bool) {
        let mut current = self.lock();
        let Some(control) = current.control.clone() else {
            current.told = Some((level, cause.clone()));
            return;
        };
        drop(current);
        if !control.flow().is_over() {
            control.flow().raise(level, cause.clone());
        }
    }
}

/// Has the end of a flow told by its post.
fn watch(control: &Control, mut post: Post, context: Option<FlowContext>) {
    control.flow().outcome().then(move |cause| {
        if let Some(context) = context {
            context.end(cause.clone());
        }
        post.end_flow(cause.clone());
    });
}

/// A flow and its factory.
pub(super) struct FlowChild<F> {
    factory: Arc<Mutex<F>>,
    reins: Arc<FlowReins>,
    place: Option<ArbiterHandle>,
}

impl<F> FlowChild<F> {
    pub(super) fn new(factory: F, place: Option<ArbiterHandle>) -> Self {
        Self {
            factory: Arc::new(Mutex::new(factory)),
            reins: Arc::default(),
            place,
        }
    }
}

/// Makes a flow, and runs it here.
fn run<R, F>(factory: &Mutex<F>, reins: &FlowReins, mut post: Post)
where
    R: Send + 'static,
    F: FnMut(&FlowContext) -> Blueprint<R>,
{
    let context = post.context();
    let made = catch_unwind(AssertUnwindSafe(|| {
        // A factory that panicked is asked again like any other.
        let mut factory = factory.lock().unwrap_or_else(PoisonError::into_inner);
        factory(&context).run(&context)
    }));
    let stage = Arc::clone(post.path());
    match made {
        Ok(Ok(pipeline)) => {
            let control = pipeline.control();
            // The supervisor sees how it ends, and says so.
            control.flow().outcome().observe();
            pipeline.detach();
            watch(&control, post, Some(context));
            reins.set(&control);
        }
        Ok(Err(StartError::ContextDone { cause })) => {
            post.end(cause);
        }
        Ok(Err(error)) => {
            let error = Arc::new(error);
            post.fail(Cause::Failed { stage, error });
        }
        Err(panic) => {
            let text = Arc::from(panic_text(&*panic));
            discard_payload(panic);
            post.fail(Cause::Panicked { stage, text });
        }
    }
}

impl<R, F> Child for FlowChild<F>
where
    R: Send + 'static,
    F: FnMut(&FlowContext) -> Blueprint<R> + Send + 'static,
{
    fn reins(&self) -> Arc<dyn Reins> {
        Arc::clone(&self.reins) as Arc<dyn Reins>
    }

    fn start(&mut self, post: Post) {
        self.reins.reset();
        let (factory, reins) = (Arc::clone(&self.factory), Arc::clone(&self.reins));
        run_on(self.place.as_ref(), move || run(&factory, &reins, post));
    }
}

/// A flow that was run already, and is its caller's.
pub(super) struct RunningFlow {
    control: Control,
    reins: Arc<FlowReins>,
}

impl RunningFlow {
    pub(super) fn new(control: Control) -> Self {
        let reins = Arc::new(FlowReins::default());
        reins.set(&control);
        Self { control, reins }
    }
}

impl Child for RunningFlow {
    fn reins(&self) -> Arc<dyn Reins> {
        Arc::clone(&self.reins) as Arc<dyn Reins>
    }

    fn start(&mut self, post: Post) {
        watch(&self.control, post, None);
    }
}
