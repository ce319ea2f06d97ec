#pragma once

// sdbus-c++ 1 and 2 in the words of the second: the one place that knows which of them is there.

#include <sdbus-c++/sdbus-c++.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rearview::bus {

#if __has_include(<sdbus-c++/VTableItems.h>)  // sdbus-c++ 2

using Failure = std::optional<sdbus::Error>;  ///< of a call; empty: it went well
using Signal = sdbus::Message;
using PropertyName = sdbus::PropertyName;

/// One interface of an object: its members, then publish().
class Interface {
 public:
  Interface(sdbus::IObject& object, const char* name) : object_(object), name_(name) {}
  template <typename Getter>
  void property(const char* name, Getter getter) {
    members_.emplace_back(sdbus::registerProperty(name).withGetter(std::move(getter)));
  }
  template <typename Call>
  void method(const char* name, Call call) {
    members_.emplace_back(sdbus::registerMethod(name).implementedAs(std::move(call)));
  }
  void publish() { object_.addVTable(std::move(members_)).forInterface(name_); }

 private:
  sdbus::IObject& object_;
  const char* name_;
  std::vector<sdbus::VTableItem> members_;
};

inline std::unique_ptr<sdbus::IObject> object(sdbus::IConnection& bus, const char* path) {
  return sdbus::createObject(bus, sdbus::ObjectPath(path));
}
inline void publish_manager(sdbus::IObject& object) {
  object.addObjectManager();
}
inline std::unique_ptr<sdbus::IProxy> proxy(sdbus::IConnection& bus, const std::string& service,
                                            const std::string& path) {
  return sdbus::createProxy(bus, sdbus::ServiceName(service), sdbus::ObjectPath(path));
}
inline sdbus::MethodCall call(sdbus::IProxy& proxy, const char* interface, const char* method) {
  return proxy.createMethodCall(sdbus::InterfaceName(interface), sdbus::MethodName(method));
}
inline sdbus::Slot match(sdbus::IConnection& bus, const std::string& rule,
                         sdbus::message_handler heard) {
  return bus.addMatch(rule, std::move(heard), sdbus::return_slot);
}
inline bool process(sdbus::IConnection& bus) {
  return bus.processPendingEvent();
}
inline sdbus::Error error(const char* name, const char* text) {
  return sdbus::Error(sdbus::Error::Name(name), text);
}

#else

using Failure = const sdbus::Error*;
using Signal = sdbus::Message&;
using PropertyName = std::string;

class Interface {
 public:
  Interface(sdbus::IObject& object, const char* name) : object_(object), name_(name) {}
  template <typename Getter>
  void property(const char* name, Getter getter) {
    object_.registerProperty(name).onInterface(name_).withGetter(std::move(getter));
  }
  template <typename Call>
  void method(const char* name, Call call) {
    object_.registerMethod(name).onInterface(name_).implementedAs(std::move(call));
  }
  void publish() { object_.finishRegistration(); }

 private:
  sdbus::IObject& object_;
  const char* name_;
};

inline std::unique_ptr<sdbus::IObject> object(sdbus::IConnection& bus, const char* path) {
  return sdbus::createObject(bus, path);
}
inline void publish_manager(sdbus::IObject& object) {
  object.addObjectManager();
  object.finishRegistration();
}
inline std::unique_ptr<sdbus::IProxy> proxy(sdbus::IConnection& bus, const std::string& service,
                                            const std::string& path) {
  return sdbus::createProxy(bus, service, path);
}
inline sdbus::MethodCall call(sdbus::IProxy& proxy, const char* interface, const char* method) {
  return proxy.createMethodCall(interface, method);
}
inline sdbus::Slot match(sdbus::IConnection& bus, const std::string& rule,
                         sdbus::message_handler heard) {
  return bus.addMatch(rule, std::move(heard));
}
inline bool process(sdbus::IConnection& bus) {
  return bus.processPendingRequest();
}
inline sdbus::Error error(const char* name, const char* text) {
  return sdbus::Error(name, text);
}

#endif

}  // namespace rearview::bus
