//! What the SDK is to try again, beyond what it tries again by itself.

use aws_sdk_dynamodb::{
    operation::{
        delete_item::DeleteItemError, put_item::PutItemError,
        transact_write_items::TransactWriteItemsError, update_item::UpdateItemError,
    },
    types::CancellationReason,
};
use aws_smithy_runtime_api::client::{
    interceptors::context::InterceptorContext,
    retries::classifiers::{ClassifyRetry, RetryAction},
};

/// Transactions that were cancelled only because DynamoDB was too busy, and single writes that met a transaction. The SDK
/// takes both for faults of the caller. It repeats them under the same client request token, with its own jittered
/// pauses, and within what the call may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BusyItems;

impl ClassifyRetry for BusyItems {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        let Some(error) = error.as_operation_error() else { return RetryAction::NoActionIndicated };
        let throttled = match error.downcast_ref() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                only_busy(cancelled.cancellation_reasons())
            }
            Some(_) | None => false,
        };
        let met_a_transaction = error
            .downcast_ref()
            .is_some_and(UpdateItemError::is_transaction_conflict_exception)
            || error.downcast_ref().is_some_and(PutItemError::is_transaction_conflict_exception)
            || error.downcast_ref().is_some_and(DeleteItemError::is_transaction_conflict_exception);
        if throttled || met_a_transaction {
            RetryAction::throttling_error()
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "Busy Items"
    }
}

/// Whether the same transaction may go through a moment later: nothing is wrong with it, and nobody was at its items, for
/// then they are to be read again.
fn only_busy(reasons: &[CancellationReason]) -> bool {
    let code = |reason: &CancellationReason| reason.code().unwrap_or("None").to_owned();
    let codes: Vec<_> = reasons.iter().map(code).filter(|code| code != "None").collect();
    !codes.is_empty()
        && codes.iter().all(|code| {
            matches!(code.as_str(), "ThrottlingError" | "ProvisionedThroughputExceeded")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_throttled_and_nothing_else_is_sent_again() {
        let reasons = |codes: &[&str]| -> Vec<_> {
            codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect()
        };
        for (codes, again) in [
            (&["None", "ThrottlingError"][..], true),
            (&["ProvisionedThroughputExceeded", "ThrottlingError"], true),
            (&["ThrottlingError", "ConditionalCheckFailed"], false),
            (&["TransactionConflict", "ThrottlingError"], false),
            (&["ValidationError"], false),
            (&["None"], false),
            (&[], false),
        ] {
            assert_eq!(only_busy(&reasons(codes)), again, "{codes:?}");
        }
    }
}
